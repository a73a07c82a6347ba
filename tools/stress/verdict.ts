import { execFileSync } from "node:child_process";
import { groupBy } from "../fleet/breaks/audit.ts";
import type { Trouble } from "../fleet/breaks/journal.ts";
import { atLeast, atMost, type Gate, none, told } from "../fleet/gate.ts";
import { countBy } from "../fleet/herd.ts";
import { eventually } from "../fleet/wait.ts";
import type { Course, StageCost } from "./conduct.ts";
import { faultGates, killGates, memoryGates } from "./gates.ts";
import { percentile } from "./histogram.ts";
import type { Plan } from "./plan.ts";
import type { Stand } from "./stand.ts";
import type { StageFigures } from "./timeline.ts";

/** Of all answers, that may be errors which no pod's death explains. */
const ERRORS = 0.001;
/** Of all answers, that each kind of what users do must make up: what did not come about cannot have gone wrong. */
const OF_ALL = 0.05;
/** Of the rate, that must have been answered: in a backlog that only grows latency means nothing. */
const KEPT_UP = 0.8;
/** Why a session may leave a pod that is killed; the second is said by who follows the first. */
const OWN: ReadonlySet<string> = new Set(["pod-gone", "store-adopt"]);
/** For so long a pod may answer after it was decided to kill it. Milliseconds. */
const DYING = 100;
/** What an edge needs at least: five descriptors for each connection, and some of its own (docs/deploying.md). */
const DESCRIPTORS = { each: 5, own: 2000 };

/** Holds what users saw against what was done to the fleet. */
export async function verdict(
  { fleet, journal }: Stand,
  plan: Plan,
  course: Course,
  say: (line: string) => void,
): Promise<Gate[]> {
  const { timeline, troubles, changes, interruptions, robbed } = course;
  // What edges saw last comes with their next heartbeat.
  const { causes } = await eventually(
    () => fleet.breaks(),
    (found) => sum(found.causes.map(({ count }) => count)) >= changes.length,
    { within: 3000 },
  );
  const died = (pod: string, since: number, at: number) =>
    journal.acts.some((act) => act.pod === pod && act.from <= at && act.from >= since - DYING);
  const strayed = changes.filter(({ from, since, at }) => !died(from, since, at));
  const unexplained = interruptions.filter(({ pod, since, at }) => !died(pod, since, at));
  const kinds = groupBy(troubles, (trouble) => journal.blame(trouble));
  const own = [...kinds].flatMap(([kind, all]) => (kind === "excused" ? [] : all));
  const answers = sum(timeline.seconds.map((second) => second.answers + second.echoes));
  const arrived = fleet.pods.flatMap((pod) => pod.arrivals({ method: "POST" }).map(({ id }) => id));
  const twice = [...countBy(arrived)].filter(([, count]) => count > 1);
  const most = Math.max(...plan.stages.map(({ users }) => users));

  tell(
    say,
    "error",
    own.map((one) => troubleLine(one, course.began)),
  );
  tell(
    say,
    "strayed",
    strayed.map(({ user, from, to }) => `${user} ${from}→${to}`),
  );
  tell(
    say,
    "interrupted",
    unexplained.map(({ what, user, pod }) => `${what} of ${user} at ${pod}`),
  );
  tell(say, "robbed", robbed);
  return [
    atLeast(
      "file descriptors that a process may have",
      descriptors(),
      (DESCRIPTORS.each * most) / plan.edges + DESCRIPTORS.own,
      "files",
    ),
    told("connections at once, at most", Math.max(...timeline.seconds.map((one) => one.connections)), ""),
    told("answers and echoes", answers, "answers"),
    atLeast(
      "echoes of WebSockets",
      sum(timeline.seconds.map(({ echoes }) => echoes)),
      OF_ALL * answers,
      "echoes",
    ),
    atLeast(
      "events of streams",
      sum(timeline.seconds.map(({ events }) => events)),
      OF_ALL * answers,
      "events",
    ),
    ...plan.stages.flatMap(({ users, rate, lasts }, i) =>
      stageGates(`${users} users`, rate, lasts, timeline.stages.get(i)!, course.costs[i]!),
    ),
    ...faultGates(plan, course.faults),
    none("processes that ended by themselves", course.lost.length, "processes"),
    atMost(
      "errors that no pod's death explains, of all",
      own.length / Math.max(1, answers + troubles.length),
      ERRORS,
      "of all",
    ),
    told(
      "errors while a pod was away that could not be sent again",
      kinds.get("excused")?.length ?? 0,
      "errors",
    ),
    ...killGates(plan, course.faults, changes.length),
    none("sessions that left a pod that lived", strayed.length, "changes"),
    ...causes.map(({ cause, count }) => told(`breaks in the ledger by ${cause}`, count, "breaks")),
    none(
      "breaks by another cause than a pod that is gone",
      sum(causes.flatMap(({ cause, count }) => (OWN.has(cause) ? [] : count))),
      "breaks",
    ),
    atLeast("breaks in the ledger", sum(causes.map(({ count }) => count)), changes.length, "breaks"),
    ...[...countBy(interruptions.map(({ what }) => what))].map(([what, count]) =>
      told(`${what}s lost with their pod, or cut with it`, count, "interruptions"),
    ),
    none("interruptions by anything else", unexplained.length, "interruptions"),
    none("carts that lacked something though their process lived", robbed.length, "items"),
    atLeast("POSTs that arrived", arrived.length, OF_ALL * answers, "requests"),
    none("POSTs that arrived twice", twice.length, "requests"),
    ...memoryGates(
      [...fleet.edges, fleet.coordinator].map(({ name }) => name),
      timeline.seconds,
    ),
  ];
}

function stageGates(
  name: string,
  rate: number,
  lasts: number,
  { latency, echo, answers, echoes }: StageFigures,
  { commands, cpu }: StageCost,
): Gate[] {
  return [
    told(`${name}: asked for at a fixed rate`, rate, "a second"),
    atLeast(`${name}: answers and echoes`, (answers + echoes) / lasts, KEPT_UP * rate, "a second"),
    ...[50, 90, 99, 99.9, 100].map((part) =>
      told(`${name}: latency, ${part === 100 ? "longest" : `p${part}`}`, percentile(latency, part), "ms"),
    ),
    told(`${name}: round trip of a WebSocket, p99`, percentile(echo, 99), "ms"),
    told(`${name}: Redis commands for an answer`, commands / Math.max(1, answers), "commands"),
    told(`${name}: CPU of the edges for an answer`, (1000 * cpu.edges) / Math.max(1, answers + echoes), "ms"),
    told(`${name}: CPU of all that took part`, cpu.ours / lasts, "cores"),
    told(`${name}: CPU that others on this machine had`, Math.max(0, cpu.all - cpu.ours) / lasts, "cores"),
  ];
}

function tell(say: (line: string) => void, what: string, lines: readonly string[]): void {
  for (const line of lines.slice(0, 12)) say(`${what}: ${line}`);
  if (lines.length > 12) say(`${what}: and ${lines.length - 12} more`);
}

function troubleLine({ client, method, status, text, from, until }: Trouble, began: number): string {
  const at = ((from - began) / 1000).toFixed(1);
  return `+${at} s ${client} ${method} ${status} ${text.slice(0, 160)} after ${until - from} ms`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** What this process and those that it starts may have open. */
function descriptors(): number {
  const text = execFileSync("sh", ["-c", "ulimit -n"], { encoding: "utf8" }).trim();
  return text === "unlimited" ? Number.MAX_SAFE_INTEGER : Number(text);
}
