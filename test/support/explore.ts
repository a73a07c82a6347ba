import type { Binding } from "../../src/model/binding.ts";
import type { PodTag } from "../../src/model/pod.ts";
import type { Swap } from "../../src/model/ports.ts";
import type { Settled } from "../../src/sessions/settle.ts";

/** The compare-and-set under test. */
export type Rule = (stored: Binding | undefined, swap: Swap) => Settled;

/** What a client knows of the session; undefined: nothing. */
type Known = Pick<Binding, "epoch" | "pod" | "home"> | undefined;

/** A moment between two calls. `won`: the highest epoch that someone has begun. `dead`: the highest one revoked. */
interface World {
  readonly stored: Binding | undefined;
  readonly clients: readonly { readonly known: Known; readonly left: number }[];
  readonly won: number;
  readonly dead: number;
  /** How often a write may yet be answered and dropped, and how often the session may yet fall silent for too long. */
  readonly losses: number;
  readonly silences: number;
}

/** What was held, what was asked, and what the rule made of it. */
export interface Pair {
  readonly stored: Binding | undefined;
  readonly swap: Swap;
  readonly settled: Settled;
}

/** One call; `dropped`: answered, but never written. */
interface Step extends Pair {
  readonly dropped: boolean;
}

export interface Exploration {
  /** Calls each client makes; every interleaving of every choice of operations is walked. */
  readonly calls: number;
  readonly losses: number;
  readonly silences: number;
}

const OPS = ["touch", "create", "find", "rebind", "rebind2", "revoke"] as const;
const NOW = 1000;
const FAR = 2000;
const SILENT = 500;
const SID = "0123456789abcdef0123456789abcdef";

/** The first pod, the one that it moved to, a last resort. */
const [P, Q, D] = [0xa1, 0xa2, 0xad];
/** Edges with the same view find the same candidate, so two clients do; the third has another view. */
const CANDIDATES = [0xc0, 0xc0, 0xc1];

function held(epoch: number, pod: PodTag, state: Binding["state"], exp = FAR): Binding {
  return { sid: SID, epoch, pod, home: P, state, cause: "", created: SILENT, exp, via: "web@*" };
}

const STORED = [undefined, held(1, P, "A"), held(2, Q, "A"), held(2, P, "R"), held(1, P, "A", SILENT)];

/** Nothing; the first token; one of the next epoch; a provisional one, that this client made without the store. */
const KNOWN: ((client: number) => Known)[] = [
  () => undefined,
  () => ({ epoch: 1, pod: P, home: P }),
  () => ({ epoch: 2, pod: Q, home: P }),
  (client) => ({ epoch: 2, pod: CANDIDATES[client]!, home: P }),
];

/** What each of the three clients knows at first; the first two are alike, so their order says nothing. */
const STARTS = [0, 1, 2, 3].flatMap((a) =>
  [0, 1, 2, 3].filter((b) => b >= a).flatMap((b) => [0, 1, 2, 3].map((c) => [a, b, c] as const)),
);

/**
 * Walks every interleaving of three clients that make `calls` calls each, any operation at each call, from every start of
 * {@link STORED} × {@link KNOWN}; clients follow what they are answered. Equal moments are walked on from once.
 * Throws with the calls that led there when a promise of the compare-and-set breaks.
 *
 * @returns the distinct pairs of what is held and what is asked, and how many calls and ends were looked at
 */
export function explore(rule: Rule, { calls, losses, silences }: Exploration) {
  const seen = new Set<string>();
  const pairs = new Map<string, Pair>();
  const trace: Traced[] = [];
  const count = { calls: 0, ends: 0 };

  const walk = (world: World): void => {
    const key = keyOf(world);
    if (seen.has(key)) return;
    seen.add(key);
    if (world.clients.every(({ left }) => left === 0)) {
      count.ends++;
      converge(rule, world, trace);
      return;
    }
    if (world.silences > 0 && world.stored?.state === "A" && world.stored.exp > NOW) {
      trace.push(() => "silence");
      walk({ ...world, stored: { ...world.stored, exp: SILENT }, silences: world.silences - 1 });
      trace.pop();
    }
    for (const [client, { known, left }] of world.clients.entries()) {
      if (left === 0) continue;
      for (const op of OPS) {
        if (known === undefined && op !== "create" && op !== "find") continue;
        const swap = swapOf(op, client, known);
        const settled = rule(world.stored, swap);
        pairs.set(pairKey(world.stored, swap), { stored: world.stored, swap, settled });
        for (const dropped of settled.write !== undefined && world.losses > 0 ? [false, true] : [false]) {
          count.calls++;
          const step = { stored: world.stored, swap, settled, dropped };
          trace.push(() => say(client, step));
          walk(next(world, client, step, losses > 0, trace));
          trace.pop();
        }
      }
    }
  };

  for (const stored of STORED) {
    for (const [a, b, c] of STARTS) {
      const clients = [KNOWN[a]!, KNOWN[b]!, KNOWN[c]!].map((make, i) => ({ known: make(i), left: calls }));
      const dead = stored?.state === "R" ? stored.epoch : 0;
      trace.push(() => JSON.stringify([stored, ...clients.map(({ known }) => known ?? null)]));
      walk({ stored, clients, won: 0, dead, losses, silences });
      trace.pop();
    }
  }
  return { pairs: [...pairs.values()], ...count };
}

function swapOf(op: Swap["op"], client: number, known: Known): Swap {
  const own = CANDIDATES[client]!;
  const to = known?.pod === own ? D : own;
  const { epoch, pod, home } = known ?? { epoch: 0, pod: to, home: to };
  const cause = op === "revoke" ? "revoked" : "pod-gone";
  return { op, sid: SID, epoch, pod, to, home, cause, created: NOW, exp: FAR, via: "web@*" };
}

/** The world after a step. Throws when the step broke a promise. */
function next(world: World, client: number, step: Step, lossy: boolean, trace: readonly Traced[]): World {
  const { stored: before, swap, dropped } = step;
  const { swapped, write } = step.settled;
  const after = dropped || write === undefined ? before : write;
  const must = (holds: boolean, promise: string) => {
    if (!holds) throw new Error(tell(promise, trace));
  };
  const { verdict, epoch, pod } = swapped;
  must(epoch >= swap.epoch, "an answer is never below the epoch that the request carried");
  must((after?.epoch ?? 0) >= (before?.epoch ?? 0), "an epoch in the store never goes down");
  if (!dropped) {
    const follows = verdict === "KEPT" || verdict === "WON" || verdict === "ADOPT";
    const names = after?.state === "A" && after.epoch === epoch && after.pod === pod;
    must(!follows || names, "who follows an answer is where the store says");
    must((after?.epoch ?? 0) >= swap.epoch, "the epoch in a client's hand repairs the store forward");
  }
  must(verdict !== "KEPT" || (epoch === swap.epoch && pod === swap.pod), "what is kept stays where it was");
  must(verdict !== "WON" || pod === swap.to, "what is won goes where it was sent");
  must(swap.op !== "find" || verdict !== "WON", "find begins nothing");
  let { won, dead } = world;
  // Two that win over a write that was dropped cannot know of each other: a later epoch settles it.
  if (!lossy && (verdict === "WON" || (verdict === "REVOKED" && swap.op === "revoke"))) {
    must(epoch > won, "an epoch has at most one winner");
    won = epoch;
  }
  if (after !== before && after?.state === "A") {
    must(after.epoch > dead, "nothing lives at an epoch that was revoked");
    const anew = swap.op === "create" && verdict === "WON" && swapped.cause === "revoked";
    const back = before?.state === "R" && swap.epoch <= before.epoch && !anew;
    must(!back, "a revoked session is never brought back by what is older");
  }
  if (after?.state === "R") dead = Math.max(dead, after.epoch);
  const ended = verdict === "REVOKED" || verdict === "ABSENT";
  const known = ended ? undefined : { epoch, pod, home: swapped.home };
  const clients = world.clients.map((one, i) => (i === client ? { known, left: one.left - 1 } : one));
  return { ...world, stored: after, clients, won, dead, losses: world.losses - (dropped ? 1 : 0) };
}

/** Whoever still has a token is back in step within two requests: the first repairs the store, the second follows it. */
function converge(rule: Rule, world: World, trace: readonly Traced[]): void {
  let { stored } = world;
  const tokens = world.clients.map(({ known }) => known);
  for (let round = 0; round < 2; round++) {
    for (const [client, known] of tokens.entries()) {
      if (known === undefined) continue;
      const { swapped, write } = rule(stored, swapOf("touch", client, known));
      stored = write ?? stored;
      tokens[client] = swapped.verdict === "REVOKED" ? undefined : swapped;
    }
  }
  for (const known of tokens) {
    if (known === undefined || (known.epoch === stored?.epoch && known.pod === stored.pod)) continue;
    throw new Error(tell("clients end where the store is", trace));
  }
}

/** A line of the way to a moment, put into words only when it is told. */
type Traced = () => string;

function tell(promise: string, trace: readonly Traced[]): string {
  return `broken: ${promise}\n  ${trace.map((line) => line()).join("\n  ")}`;
}

/** A number for each binding that differs in what decides: homes, causes and births do not. */
function code(stored: Binding | undefined): number {
  if (stored === undefined) return 0;
  const { state, epoch, pod, exp } = stored;
  return (epoch * 256 + pod) * 4 + (state === "R" ? 2 : 0) + (exp < NOW ? 1 : 0);
}

function keyOf({ stored, clients, won, dead, losses, silences }: World): string {
  const [a, b, c] = clients.map(({ known, left }) => {
    return known === undefined ? left : (known.epoch * 256 + known.pod) * 4 + left;
  }) as [number, number, number];
  const rest = dead * 16 + losses * 4 + silences;
  return String.fromCharCode(code(stored), won, rest, Math.min(a, b), Math.max(a, b), c);
}

function pairKey(stored: Binding | undefined, { op, epoch, pod, to }: Swap): string {
  return op + String.fromCharCode(code(stored), epoch * 256 + pod, to);
}

function say(client: number, { swap, settled, dropped }: Step): string {
  const { verdict, epoch, pod } = settled.swapped;
  const at = (e: number, p: PodTag) => `${e}@${p.toString(16)}`;
  const asked = `${swap.op} by ${at(swap.epoch, swap.pod)} to ${swap.to.toString(16)}`;
  return `client ${client}: ${asked}: ${verdict} ${at(epoch, pod)}${dropped ? ", dropped" : ""}`;
}
