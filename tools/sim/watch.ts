import { type HealthView, STATES } from "../../src/health/state.ts";
import type { Binding, Sid } from "../../src/model/binding.ts";
import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { Swap, Swapped } from "../../src/model/ports.ts";
import type { Token } from "../../src/sessions/token.ts";
import type { Call } from "./call.ts";
import type { SimCoordinator } from "./coordinator.ts";
import { demandOf } from "./demand.ts";
import type { Isolate } from "./isolate.ts";
import type { Loop } from "./loop.ts";
import { Places } from "./places.ts";
import type { Plan } from "./plan.ts";
import type { Pods, SimPod } from "./pods.ts";
import type { Store, StoreWitness } from "./store.ts";
import { undisturbed } from "./undisturbed.ts";

export type Invariant =
  | "I1"
  | "I2"
  | "I3"
  | "I4"
  | "I5"
  | "I6"
  | "I7"
  | "I8"
  | "I10"
  | "cap"
  | "ledger"
  | "bug";

/** The first thing that went wrong; the world stops there. */
export interface Violation {
  readonly invariant: Invariant;
  readonly text: string;
  /** Milliseconds of true time. */
  readonly at: number;
}

/** A token as an edge gave it out. */
export interface Issued {
  readonly token: Token;
  readonly at: number;
}

/** A session that was answered at another pod than its token named. */
export interface Moved {
  readonly sid: Sid;
  /** That of the request's token. */
  readonly since: number;
  /** Undefined when the response carried no token to read it from. */
  readonly epoch: number | undefined;
  readonly to: PodTag;
  readonly isolate: string;
  readonly provisional: boolean;
}

/** Parts of the world that the watch looks at. */
export interface Watched {
  readonly plan: Plan;
  readonly loop: Loop;
  readonly pods: Pods;
  store: Store;
  coordinator: SimCoordinator;
  /** Edges that answer: undefined where one is down. */
  readonly isolates: (Isolate | undefined)[];
  /** Set for good once the store has lied. */
  lied: boolean;
  /** The kid of a key that was retired, if any. */
  readonly retired: Set<number>;
}

/** What a request waits for a fresh view, nearly, and how long nobody waits after one that did in vain. Milliseconds. */
const WAITED = 149;
const PAUSED = 2200;

/** Sees every decision, arrival, answer and write, and holds them to the invariants. */
export class Watch implements StoreWitness {
  violation: Violation | undefined;
  readonly issued = new Map<string, Issued>();
  /** Pods by session and epoch, of every token and every won compare-and-set. */
  readonly epochs = new Map<Sid, Map<number, Set<PodTag>>>();
  readonly moves: Moved[] = [];
  /** Sids that a response moved without a token that says so: a shared cache might keep it. */
  readonly untold = new Set<Sid>();
  /** Sids that an operator touched. */
  readonly operated = new Set<Sid>();
  readonly checks = {
    decisions: 0,
    kept: 0,
    mustKeep: 0,
    moves: 0,
    answers: 0,
    arrivals: 0,
    swaps: 0,
    samePod: 0,
    ejections: 0,
  };
  readonly #waited = new Map<string, number>();
  readonly #won = new Map<string, number>();
  /** Moves that were won, by session and the epoch that they began. */
  readonly #swaps = new Map<string, Swap[]>();
  /** What a request demands that was judged from outside. */
  readonly mustKeep = new Map<Call, PodTag>();
  readonly #healths = new Map<Call, HealthView>();
  readonly places: Places;
  readonly world: Watched;

  constructor(world: Watched) {
    this.world = world;
    this.places = new Places(world.plan.pools);
  }

  fail(invariant: Invariant, text: string): void {
    const { loop } = this.world;
    this.violation ??= { invariant, text, at: loop.now };
    loop.halted = true;
  }

  /** Whether any two clocks agree as much as sessions.md asks for. */
  get clocksAgree(): boolean {
    const { skews } = this.world.plan;
    return Math.max(0, ...skews) - Math.min(0, ...skews) <= 60_000;
  }

  decided(isolate: Isolate, call: Call): void {
    const { loop } = this.world;
    const view = isolate.views.current!;
    this.checks.decisions++;
    call.decided = loop.now;
    call.open = view.match("shop.test", "/")?.scope.pools.some(({ shared }) => shared.live > 0) ?? false;
    call.toldAt = isolate.views.toldAt;
    call.viewKey = viewKey(isolate);
    call.demand = demandOf(call, isolate, view);
    this.#healths.set(call, isolate.views.health);
    const must = undisturbed(this, call, isolate);
    if (must !== undefined) {
      this.checks.mustKeep++;
      this.mustKeep.set(call, must);
    }
    this.#fresh(call, isolate);
  }

  /** I6: not later than 10 s, or it waited, or the coordinator was down. */
  #fresh(call: Call, isolate: Isolate): void {
    const { coordinator, loop } = this.world;
    const stamp = isolate.views.current!.stamp;
    if (loop.now - call.arrived >= WAITED) this.#waited.set(isolate.name, loop.now);
    const missed = coordinator.written.findLast(
      ({ at, incarnation, revision }) =>
        at < loop.now - 10_000 && incarnation === stamp.incarnation && revision > stamp.revision,
    );
    if (missed === undefined || !coordinator.up || this.reach.wasDown(call.edge, loop.now)) return;
    // Who waited in vain is not followed by others who do, for two seconds.
    if (loop.now - (this.#waited.get(isolate.name) ?? 0) <= PAUSED) return;
    const age = Math.round((loop.now - isolate.views.toldAt) / 100) / 10;
    this.fail(
      "I6",
      `request ${call.id} at ${isolate.name} was decided by revision ${stamp.revision}, told ${age} s ago, over 10 s after ${missed.revision} was written`,
    );
  }

  /** Told by the world: whether an edge could not reach the coordinator lately. */
  reach: { wasDown(edge: number, now: number): boolean } = { wasDown: () => false };

  reached(call: Call, pod: SimPod): void {
    this.checks.arrivals++;
    pod.arrivals.push({ call: call.id, at: this.world.loop.now });
    if (isReplayable(call)) return;
    let count = 0;
    for (const other of this.world.pods.all())
      count += other.arrivals.filter((arrival) => arrival.call === call.id).length;
    if (count > 1)
      this.fail(
        "I7",
        `request ${call.id} may not be repeated, and reached ${pod.key} as its arrival ${count}`,
      );
  }

  /** What a compare-and-set came to, as its caller was made to believe. */
  believed(swap: Swap, answer: Swapped): void {
    const key = `${swap.sid} ${answer.epoch}`;
    if (answer.verdict !== "WON") return;
    this.note(swap.sid, answer.epoch, answer.pod);
    const times = (this.#won.get(key) ?? 0) + 1;
    this.#won.set(key, times);
    if (times > 1 && !this.world.lied && !this.world.store.lost.has(swap.sid)) {
      this.fail("I2", `${times} moves of ${brief(swap.sid)} were won at epoch ${answer.epoch}`);
    }
  }

  swapped(swap: Swap, answer: Swapped): void {
    this.checks.swaps++;
    if (answer.verdict === "WON") {
      this.note(swap.sid, answer.epoch, answer.pod);
      const key = `${swap.sid} ${answer.epoch}`;
      if (swap.op.startsWith("rebind")) this.#swaps.set(key, [...(this.#swaps.get(key) ?? []), swap]);
    }
    if (answer.epoch < swap.epoch) {
      this.fail(
        "I2",
        `the store answered ${answer.verdict} at epoch ${answer.epoch} to a token of ${swap.epoch}`,
      );
    }
  }

  /** The moves that the store let someone make to an epoch: more than one where it lost the first. */
  wonAt(sid: Sid, epoch: number): readonly Swap[] {
    return this.#swaps.get(`${sid} ${epoch}`) ?? [];
  }

  wrote(sid: Sid, before: Binding | undefined, after: Binding | undefined): void {
    if (before === undefined || after === undefined || this.world.plan.store === "redis") return;
    if (after.epoch < before.epoch) {
      this.fail("I2", `the store went from epoch ${before.epoch} to ${after.epoch} of ${brief(sid)}`);
    }
  }

  note(sid: Sid, epoch: number, pod: PodTag): void {
    const epochs = this.epochs.get(sid) ?? new Map<number, Set<PodTag>>();
    this.epochs.set(sid, epochs);
    epochs.set(epoch, (epochs.get(epoch) ?? new Set<PodTag>()).add(pod));
  }

  /** Whether the view that a request was decided by says that a pod takes no new session, whatever panic may say. */
  closed(call: Call, pod: PodTag): boolean {
    const state = this.#healths.get(call)?.[tagToHex(pod)] ?? "ready";
    return !STATES[state].tried;
  }

  forget(call: Call): void {
    this.mustKeep.delete(call);
    this.#healths.delete(call);
  }
}

/** Everything of a view that the choice of a pod may depend on. */
export function viewKey({ views }: Isolate): string {
  const { stamp, podWeights } = views.current ?? {};
  return `${stamp?.incarnation}.${stamp?.revision} ${JSON.stringify([views.health, podWeights])}`;
}

/** Whether a request may reach pods twice: idempotent, and nothing in it that was used up. */
export function isReplayable(call: Call): boolean {
  return call.spec.method === "PREFLIGHT" || (call.spec.method === "GET" && !call.spec.body);
}

export function brief(sid: Sid): string {
  return sid.slice(0, 8);
}
