import { type Pod, tagToHex } from "../model/pod.ts";
import type { Pool, Probe } from "../model/pool.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { CHECKS, type CheckName, type CheckState, firstVerdict, fold, type Verdict } from "./checks.ts";
import type { Observation } from "./readiness.ts";
import type { PodState } from "./state.ts";

/** Probes that are due this soon run with those that are due now. Milliseconds. */
const NEAR = 25;
/** A pod that is down is probed this often at least: its sessions may come back. Milliseconds. */
const DOWN_PERIOD = 2000;
/** An edge's failure makes a probe due no more often than this. Milliseconds. */
const HURRY = 500;
/** How long an answer that one edge had outweighs what another could not reach. Milliseconds. */
const FRESH = 3000;
/** A verdict older than so many periods says nothing any more. */
const INTERVALS = 3;

/** One check of one pod. Times in milliseconds since the epoch. */
interface Watch {
  readonly probe: Probe;
  verdict: Verdict;
  due: number;
  /** When the verdict last was confirmed. */
  at: number;
  /** When the row of probes began that could not connect, on which the verdict rests. */
  failing: number;
  /** Whether a probe is on its way, and whether its next turn came meanwhile. */
  out: boolean;
  missed: boolean;
}

interface Target {
  readonly pod: Pod;
  readonly checks: ReadonlyMap<CheckName, Watch>;
  /** When an edge's failure last made it due. */
  hurried: number;
  /** When edges last told that it answered, and that they could not connect. */
  served: number;
  refused: number;
}

/** Times of a pod that nothing was heard of. */
const UNHEARD = { hurried: 0, served: 0, refused: 0 };

/** A probe to be made. */
export interface Task {
  readonly tag: string;
  readonly pod: Pod;
  readonly check: CheckName;
  readonly probe: Probe;
  readonly begun: number;
  /** Which config asked for it. */
  readonly watch: object;
}

/** A check whose verdict changed: the only thing that is logged. */
export interface Flip {
  readonly tag: string;
  readonly pod: Pod;
  readonly check: CheckName;
  readonly state: CheckState;
  /** Whether the pod became ready by it. */
  readonly ready: boolean;
}

/** States of checks from a disk, by {@link checkKey}. */
export type StoredChecks = ReadonlyMap<string, string>;

export function checkKey(tag: string, check: string): string {
  return `${tag} ${check}`;
}

/**
 * What is to be probed when, and what probes and edges together make of each pod. Who calls it keeps the time and makes
 * the probes. Until its startup probe has passed, a pod's other probes do not run.
 */
export class Probes {
  #targets = new Map<string, Target>();

  /**
   * Probes the pods of this snapshot from now on. A pod that was known keeps its verdicts; a new one is unready until its
   * first pass, as in Kubernetes, though it keeps what sessions it has.
   */
  follow(snapshot: Snapshot, stored: StoredChecks, now: number): void {
    const targets = new Map<string, Target>();
    for (const pool of snapshot.pools) {
      const probes = probesOf(pool);
      if (probes.length === 0) continue;
      for (const pod of pool.pods) {
        const tag = tagToHex(pod.tag);
        const heard = this.#targets.get(tag) ?? UNHEARD;
        targets.set(tag, { ...heard, pod, checks: this.#checks(tag, probes, stored, now) });
      }
    }
    this.#targets = targets;
  }

  #checks(
    tag: string,
    probes: readonly (readonly [CheckName, Probe])[],
    stored: StoredChecks,
    now: number,
  ): Map<CheckName, Watch> {
    const known = this.#targets.get(tag)?.checks;
    const checks = new Map<CheckName, Watch>();
    for (const [name, probe] of probes) {
      const state = stored.get(checkKey(tag, name));
      const due = state === undefined ? now + probe.initialDelay : now;
      const fresh = { verdict: firstVerdict(name, state), due, at: now, failing: 0 };
      // What another config asked for will not be taken in.
      checks.set(name, { ...fresh, ...known?.get(name), probe, out: false, missed: false });
    }
    return checks;
  }

  /** What the probes and the edges make of a pod; one that is not probed is ready. */
  state(tag: string, now: number): PodState {
    const target = this.#targets.get(tag);
    return target === undefined ? "ready" : stateOf(target, now);
  }

  /** What {@link state} would say of a pod if its pool were this one. */
  foresee(pool: Pool, tag: string, now: number): PodState {
    const heard = this.#targets.get(tag) ?? UNHEARD;
    return stateOf({ ...heard, checks: this.#checks(tag, probesOf(pool), new Map(), now) }, now);
  }

  /** How each check of a pod stands. */
  checks(tag: string): { readonly check: CheckName; readonly state: CheckState }[] {
    const checks = this.#targets.get(tag)?.checks ?? [];
    return [...checks].map(([check, { verdict }]) => ({ check, state: verdict.state }));
  }

  /** The keys of all checks. */
  keys(): Set<string> {
    const keys = new Set<string>();
    for (const [tag, { checks }] of this.#targets) {
      for (const check of checks.keys()) keys.add(checkKey(tag, check));
    }
    return keys;
  }

  /**
   * The clock was put back: what was due by the old one would be due for as long again. Whether there was anything to mend.
   */
  mend(now: number): boolean {
    let mended = false;
    for (const [, watch] of this.#running()) {
      if (watch.due <= now + 2 * Math.max(watch.probe.period, watch.probe.initialDelay)) continue;
      watch.due = now;
      mended = true;
    }
    return mended;
  }

  /** When the next probe is due; undefined when nothing is probed. */
  next(): number | undefined {
    let next: number | undefined;
    for (const [, { due }] of this.#running()) if (next === undefined || due < next) next = due;
    return next;
  }

  /** An edge could not connect: look at once, though not for each failure anew. */
  hurry(tags: readonly string[], now: number): void {
    for (const tag of tags) {
      const target = this.#targets.get(tag);
      if (target === undefined) continue;
      target.refused = now;
      for (const [name, watch] of running(target)) {
        if (name === "liveness" || now - target.hurried < Math.max(HURRY, watch.probe.timeout)) continue;
        target.hurried = now;
        watch.due = Math.min(watch.due, now);
      }
    }
  }

  /** An edge had answers of these pods so many milliseconds ago, whatever the probes say. */
  served(ages: Readonly<Record<string, number>>, now: number): void {
    for (const [tag, age] of Object.entries(ages)) {
      const target = this.#targets.get(tag);
      if (target !== undefined) target.served = Math.max(target.served, now - Math.max(0, age));
    }
  }

  /**
   * The probes that are due; asked again at once there are none. Spread by ± 5 %, so that they do not march in step. One that
   * is still on its way comes to its next turn when it is back.
   */
  take(now: number, jitter: () => number): Task[] {
    const tasks: Task[] = [];
    for (const [tag, target] of this.#targets) {
      for (const [check, watch] of running(target)) {
        if (watch.due > now + NEAR) continue;
        watch.due = now + periodOf(watch) * (0.95 + 0.1 * jitter());
        watch.missed = watch.out;
        if (watch.out) continue;
        watch.out = true;
        tasks.push({ tag, pod: target.pod, check, probe: watch.probe, begun: now, watch });
      }
    }
    return tasks;
  }

  /** Takes in what a probe saw; undefined when that changed nothing. */
  settle({ tag, check, begun, watch: asked }: Task, seen: Observation, now: number): Flip | undefined {
    const target = this.#targets.get(tag);
    const watch = target?.checks.get(check);
    // A verdict about a pod or probe that the config no longer has says nothing, nor does one from long ago.
    if (target === undefined || watch === undefined || watch !== asked) return undefined;
    if (watch.missed) watch.due = now;
    watch.out = watch.missed = false;
    if (isOver(begun, watch, now)) return undefined;
    const before = watch.verdict.state;
    const pod = stateOf(target, now);
    const verdict = fold(check, watch.verdict, seen, watch.probe);
    watch.verdict = verdict;
    watch.at = now;
    // Not from a time-out before it, nor from when the probe began: what was answered until then says nothing of a pod
    // that is gone since.
    if (verdict.unreachable === 1 && before !== "down" && before !== "failed") watch.failing = now;
    if (verdict.state === before) return undefined;
    const ready = pod !== "ready" && stateOf(target, now) === "ready";
    return { tag, pod: target.pod, check, state: verdict.state, ready };
  }

  *#running(): Iterable<readonly [CheckName, Watch]> {
    for (const target of this.#targets.values()) yield* running(target);
  }
}

function probesOf(pool: Pool): (readonly [CheckName, Probe])[] {
  return CHECKS.flatMap((name) => {
    const probe = pool[name];
    return probe === undefined ? [] : [[name, probe] as const];
  });
}

/** The checks that run now. */
function running({ checks }: Target): (readonly [CheckName, Watch])[] {
  const startup = checks.get("startup");
  const starting = startup !== undefined && startup.verdict.state !== "started";
  return [...checks].filter(([name]) => (name === "startup") === starting);
}

function stateOf(target: Omit<Target, "pod">, now: number): PodState {
  const startup = target.checks.get("startup");
  if (startup !== undefined && startup.verdict.state !== "started") {
    const { state, unreachable } = startup.verdict;
    if (state !== "failed" || isOver(startup.at, startup, now)) return "starting";
    return unreachable >= startup.probe.failure && isServing(target, startup, now) ? "starting" : "failed";
  }
  const readiness = target.checks.get("readiness");
  if (readiness === undefined) return "ready";
  const state = readiness.verdict.state as PodState;
  // "Ready" stays: to hold every pod back that was not asked in time would be no answer to a clock that stood still.
  if (state === "ready") return state;
  return isOver(readiness.at, readiness, now) || (state === "down" && isServing(target, readiness, now))
    ? "unready"
    : state;
}

function isOver(at: number, { probe }: Watch, now: number): boolean {
  return now - at > INTERVALS * Math.max(probe.period, probe.timeout) + probe.timeout;
}

/**
 * Edges reach it since probes could not: degraded, not down. An edge that cannot reach it does not outweigh another that
 * does, as long as that one's word is fresh.
 */
function isServing({ served, refused }: Omit<Target, "pod">, { failing }: Watch, now: number): boolean {
  return served > 0 && served >= failing && (served > refused || now - served < FRESH);
}

function periodOf({ probe, verdict }: Watch): number {
  return verdict.state === "down" ? Math.min(probe.period, DOWN_PERIOD) : probe.period;
}
