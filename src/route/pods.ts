import type { Table } from "../core/core.ts";
import { type HealthView, type Meaning, type PodState, STATES } from "../health/state.ts";
import type { Pod, PodTag } from "../model/pod.ts";
import type { Pool } from "../model/pool.ts";
import { type PolicyName, policies } from "../policies/index.ts";
import { nextVersion, type Picker, type PickerTools, type Standing } from "../policies/policy.ts";

/** How long one isolate's own suspicion keeps new sessions from a pod that refused a connection. Milliseconds. */
const SUSPICION = 5000;

/** A pod as this isolate knows it. It outlives the snapshot: a new one adopts it by its tag. */
export class PodRuntime {
  pod: Pod;
  pool: PoolRuntime;
  state: PodState = "ready";
  meaning: Meaning = STATES.ready;
  /** Whether it keeps the sessions it has: by its state, or because panic made it admit again. */
  keep = true;
  /**
   * When the newest request that it answered since the last heartbeat had begun; 0 for none. The coordinator weighs it
   * against its own probes. Milliseconds since the epoch.
   */
  served = 0;
  /** New sessions avoid it until then; never clears keep. */
  suspectUntil = 0;
  /** A connection failed and none has succeeded since: what cannot be replayed is preceded by a probe. */
  doubt = false;
  /** The probe in flight, shared by the requests that wait for it. */
  probing: Promise<boolean> | undefined;

  constructor(pod: Pod, pool: PoolRuntime) {
    this.pod = pod;
    this.pool = pool;
  }

  take(): void {
    const inflight = this.pool.inflight;
    inflight[this.pod.index] = inflight[this.pod.index]! + 1;
  }

  release(): void {
    const inflight = this.pool.inflight;
    const now = inflight[this.pod.index]!;
    if (now > 0) inflight[this.pod.index] = now - 1;
  }

  suspect(now: number): void {
    this.doubt = true;
    this.suspectUntil = now + SUSPICION;
    this.pool.suspected(this.suspectUntil);
  }
}

/** A pool of one snapshot with its picker, its table and how its pods stand. */
export class PoolRuntime {
  readonly pool: Pool;
  readonly pods: readonly PodRuntime[];
  readonly inflight: Uint32Array;
  /** Whether leases must be held to the end of the body. */
  readonly load: boolean;
  /** By the shared view alone, the same at every edge: what rebinding goes by. */
  shared: Standing;
  #local: Standing;
  #localUntil = 0;
  #picker: Picker | undefined;
  #table: Table | undefined;
  readonly #tools: PickerTools;

  constructor(pool: Pool, core: PickerTools["core"], known: ReadonlyMap<PodTag, PodRuntime>) {
    this.pool = pool;
    this.inflight = new Uint32Array(pool.pods.length);
    this.load = policies[pool.policy.name as PolicyName].load;
    this.pods = pool.pods.map((pod) => this.#adopt(pod, known.get(pod.tag)));
    this.#tools = { core, table: () => this.table() };
    this.shared = this.#stand();
    this.#local = this.shared;
  }

  #adopt(pod: Pod, old: PodRuntime | undefined): PodRuntime {
    if (old === undefined) return new PodRuntime(pod, this);
    this.inflight[pod.index] = old.pool.inflight[old.pod.index]!;
    old.pod = pod;
    old.pool = this;
    return old;
  }

  /** Takes in the coordinator's view of the pods' health. */
  apply(health: HealthView, hex: (tag: PodTag) => string): void {
    let changed = false;
    for (const runtime of this.pods) {
      const state = health[hex(runtime.pod.tag)] ?? "ready";
      if (state === runtime.state) continue;
      runtime.state = state;
      runtime.meaning = STATES[state];
      changed = true;
    }
    if (!changed) return;
    this.shared = this.#stand();
    this.#localUntil = 0;
    this.#local = this.shared;
    for (const runtime of this.pods) if (runtime.suspectUntil > 0) this.suspected(runtime.suspectUntil);
  }

  /** How the pods stand for a new session: the shared view without the pods that this isolate suspects. */
  standing(now: number): Standing {
    if (this.#localUntil === 0) return this.#local;
    if (now < this.#localUntil && this.#local !== this.shared) return this.#local;
    let until = 0;
    for (const { suspectUntil } of this.pods) {
      if (suspectUntil > now && (until === 0 || suspectUntil < until)) until = suspectUntil;
    }
    this.#localUntil = until;
    const local = until === 0 ? this.shared : this.#unsuspected(now);
    // Suspicion must not take the last pod: then all that the shared view admits may be tried.
    this.#local = local.live > 0 ? local : this.shared;
    return this.#local;
  }

  suspected(until: number): void {
    this.#local = this.shared;
    this.#localUntil = this.#localUntil === 0 ? until : Math.min(this.#localUntil, until);
  }

  /** The index of the pod for a new session, or -1. */
  pick(key: string, word: number, standing: Standing): number {
    this.#picker ??= this.#build();
    return this.#picker.pick({ key, word }, standing);
  }

  /** The pool's hash table, whatever its policy: rebinding goes by it. */
  table(): Table {
    this.#table ??= this.#tools.core.table(this.pool.pods, this.pool.tableBits);
    return this.#table;
  }

  /** Takes the table of the pool's last snapshot when it was built of the same pods. */
  inherit(old: PoolRuntime): boolean {
    const same =
      old.pool.tableBits === this.pool.tableBits &&
      old.pool.pods.length === this.pool.pods.length &&
      old.pool.pods.every(
        (pod, i) => pod.id === this.pool.pods[i]!.id && pod.weight === this.pool.pods[i]!.weight,
      );
    if (same) {
      this.#table = old.#table;
      old.#table = undefined;
    }
    return same;
  }

  /** Gives the table's memory back. */
  free(): void {
    this.#table?.free();
    this.#table = undefined;
    this.#picker?.free?.();
    this.#picker = undefined;
  }

  #build(): Picker {
    const { name, options } = this.pool.policy;
    const policy = policies[name as PolicyName];
    return policy.build(this.pool.pods, options as never, this.#tools);
  }

  #stand(): Standing {
    const out = new Uint8Array(this.pods.length);
    let live = this.#fill(out, ({ meaning }) => meaning.admit);
    const all = this.pods.filter((runtime) => runtime.pod.weight > 0).length;
    // Panic: with too few left, those that may still work share the load rather than the rest be crushed.
    const panic = live < all * this.pool.panic;
    if (panic) live = this.#fill(out, ({ meaning }) => meaning.admit || meaning.panics);
    for (const runtime of this.pods) {
      runtime.keep = runtime.meaning.keep || (panic && runtime.meaning.panics);
    }
    return { out, live, version: nextVersion(), inflight: this.inflight };
  }

  /** How the pods stand when none admits: all that nobody told to stop may be tried once, as the view may be wrong. */
  desperate(): Standing {
    const out = new Uint8Array(this.pods.length);
    const live = this.#fill(out, ({ meaning }) => meaning.tried);
    return { out, live, version: nextVersion(), inflight: this.inflight };
  }

  /** The shared standing less what this isolate suspects; panic is the shared view's business alone. */
  #unsuspected(now: number): Standing {
    const out = new Uint8Array(this.pods.length);
    const live = this.#fill(
      out,
      ({ pod, suspectUntil }) => this.shared.out[pod.index] === 0 && suspectUntil <= now,
    );
    return { out, live, version: nextVersion(), inflight: this.inflight };
  }

  #fill(out: Uint8Array, admits: (runtime: PodRuntime) => boolean): number {
    let live = 0;
    for (let i = 0; i < this.pods.length; i++) {
      const runtime = this.pods[i]!;
      const open = admits(runtime);
      out[i] = open ? 0 : 1;
      if (open && runtime.pod.weight > 0) live++;
    }
    return live;
  }
}
