import { atLeast, atMost, type Gate, told } from "../fleet/gate.ts";
import { countBy } from "../fleet/herd.ts";
import type { HappenedFault } from "./conduct.ts";
import { growth, TELLS } from "./memory.ts";
import type { Plan } from "./plan.ts";
import type { Second } from "./timeline.ts";

/** By which memory may differ over the last half of the run, of what it was. */
const FLAT = 0.1;
/** Of an even share of a stage's users, that a pod must have when it is killed. */
const PEOPLED = 0.5;
/** Of the sessions of pods that were killed, that must have been seen to move. */
const NOTICED = 0.5;
/** Of the seconds of the last half, in which a process must have been looked at. */
const SEEN = 0.9;

/** That there was something to survive: a run without faults says nothing. */
export function faultGates(plan: Plan, faults: readonly HappenedFault[]): Gate[] {
  const happened = countBy(faults.map(({ what }) => what));
  const planned = countBy(plan.stages.flatMap((stage) => stage.faults.map(({ what }) => what)));
  return [...planned].map(([what, count]) =>
    atLeast(`faults that came and went: ${what}`, happened.get(what) ?? 0, count, "faults"),
  );
}

/** That kills struck somebody: an empty pod moves no session, and a session that does not move is never one too many. */
export function killGates(plan: Plan, faults: readonly HappenedFault[], changes: number): Gate[] {
  const killed = faults.flatMap(({ sessions }) => sessions ?? []);
  const even = Math.min(
    ...plan.stages.flatMap(({ users, faults: planned }) =>
      planned.some(({ what }) => what === "pod") ? users / plan.pods : [],
    ),
  );
  const all = killed.reduce((sum, sessions) => sum + sessions, 0);
  return [
    // The least of none would be more than any bar.
    atLeast(
      "sessions of a pod that was killed, fewest",
      killed.length === 0 ? 0 : Math.min(...killed),
      PEOPLED * even,
      "sessions",
    ),
    told("sessions of all pods that were killed", all, "sessions"),
    atLeast("sessions that changed their pod", changes, NOTICED * all, "changes"),
  ];
}

/**
 * Of what the edges and the coordinator hold: what a pod or a Redis does is not ours.
 *
 * @param names of all of them: one that is not looked at must not pass for one that is flat
 */
export function memoryGates(names: readonly string[], seconds: readonly Second[], tells = TELLS): Gate[] {
  const half = seconds.slice(seconds.length >> 1);
  const values = new Map(names.map((name) => [name, half.flatMap(({ memory }) => memory[name] ?? [])]));
  const watched = names.filter((name) => values.get(name)!.length >= SEEN * half.length && half.length > 0);
  const [what, unit] = ["edges and coordinator whose memory was watched to the end", "processes"];
  if (!tells) return [{ name: what, value: null, bar: names.length, unit, pass: null }];
  return [
    atLeast(what, watched.length, names.length, unit),
    ...watched.flatMap((name) => [
      told(`memory of ${name} in the end`, values.get(name)!.at(-1)!, "MiB"),
      atMost(`growth of ${name} over the last half`, growth(values.get(name)!), FLAT, "of it"),
    ]),
  ];
}
