import type { Table } from "../core/core.ts";
import { Journal } from "../core/journal.ts";
import { Streak } from "../health/outlier.ts";
import { type HealthView, STATES } from "../health/state.ts";
import { Share } from "../metrics/share.ts";
import type { BeatAnswer, PodUse } from "../model/beat.ts";
import { type Pod, type PodTag, tagToHex } from "../model/pod.ts";
import { type Pool, weighed } from "../model/pool.ts";
import { worthAsking } from "../policies/guarded.ts";
import { type PolicyName, policies } from "../policies/index.ts";
import {
  nextVersion,
  type Picker,
  type PickerTools,
  type Policy,
  type Standing,
} from "../policies/policy.ts";
import { Zones } from "../policies/zones.ts";
import { RetryBudget } from "./budget.ts";
import { type Placing, placing } from "./by.ts";
import type { Moment } from "./moment.ts";
import { PodRuntime } from "./pod.ts";
import { PoolTable } from "./pool-table.ts";
import { desperate, fill, stand, standingOf, unsuspected, weighty } from "./stand.ts";
import { accept, Warmth } from "./warmth.ts";

export { PodRuntime } from "./pod.ts";

interface Legacy {
  readonly state: readonly number[];
  /** Where each pod stood in it, -1 of a new one. */
  readonly at: readonly number[];
}

/** A pool of one snapshot with its picker, its table and how its pods stand. */
export class PoolRuntime {
  /** With the weights of the config, or those that an operator gave. */
  pool: Pool;
  readonly pods: readonly PodRuntime[];
  readonly inflight: Uint32Array;
  readonly journal = new Journal();
  /** What is known of the load that other isolates put on the pods. */
  readonly share: Share;
  /** 12 hex digits of each pod's tag. */
  readonly tags: readonly string[];
  /** Whether leases must be held to the end of the body: it counts, or it may take too long. */
  readonly load: boolean;
  /** It has no pods, and its share of new requests gets 500. */
  readonly vacant: boolean;
  /** Outlives the snapshot, as the pods do. */
  budget = new RetryBudget();
  /** By the shared view alone, the same at every edge: what rebinding goes by. */
  shared: Standing;
  /** What places an unkeyed request; undefined: chance. */
  readonly by: Placing | undefined;
  /** Whether choices go by the addresses of the pods. */
  readonly addressed: boolean;
  /** Whether a session that a key begins is placed by the value of the key. */
  readonly byValue: boolean;
  /** Whether the policy itself holds sessions off pods that start slowly. */
  readonly #warms: boolean;
  readonly #asks: boolean;
  #warmth: Pick<Warmth, "over"> | undefined;
  readonly #zones: Zones | undefined;
  #local: Standing;
  #localUntil = 0;
  #picker: Picker | undefined;
  /** What the picker of the pool's last pods had learned, for the one that is to be built. */
  #legacy: Legacy | undefined;
  readonly #table: PoolTable;
  #freed = false;
  readonly #tools: PickerTools;
  /** As the config has it. */
  readonly #own: Pool;

  constructor(pool: Pool, core: PickerTools["core"], known: ReadonlyMap<PodTag, PodRuntime>) {
    this.pool = pool;
    this.#own = pool;
    this.#table = new PoolTable(core);
    this.inflight = new Uint32Array(pool.pods.length);
    this.share = new Share(pool.pods.length);
    this.tags = pool.pods.map(({ tag }) => tagToHex(tag));
    const policy: Policy = policies[pool.policy.name as PolicyName] as Policy;
    this.#warms = policy.warms === true;
    this.#asks = policy.asks?.(pool.policy.options) === true;
    const by = policy.by?.(pool.policy.options);
    this.by = by && placing(by);
    this.addressed = policy.addresses === true;
    this.byValue = policy.byValue === true;
    if (pool.zones === "prefer") {
      this.#zones = new Zones(
        pool.pods.map((pod) => pod.weight),
        pool.pods.map((pod) => pod.zone),
      );
    }
    this.load =
      policy.load ||
      policy.loadWith?.(pool.policy.options) === true ||
      pool.maxInFlight !== undefined ||
      pool.timeouts.idleBody !== undefined;
    this.vacant = pool.empty === 500 && pool.pods.length === 0;
    this.pods = pool.pods.map((pod) => this.#adopt(pod, known.get(pod.tag)));
    this.#tools = { core, table: () => this.table(), fleet: this.share };
    this.shared = stand(this);
    this.#local = this.shared;
  }

  #adopt(pod: Pod, old: PodRuntime | undefined): PodRuntime {
    const streak = this.pool.outlier === undefined ? undefined : (old?.streak ?? new Streak());
    if (old === undefined) return Object.assign(new PodRuntime(pod, this), { streak });
    old.streak = streak;
    this.inflight[pod.index] = old.pool.inflight[old.pod.index]!;
    this.share.adopt(pod.index, old.pool.share, old.pod.index);
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
    if (changed) this.#restand();
  }

  /** Takes in the weights that an operator gave to pods, by tag. Who is bound notices nothing. */
  weigh(given: Readonly<Record<string, number>>): void {
    const pool = weighed(this.#own, given);
    const { pods } = pool;
    if (pods.every(({ weight }, i) => weight === this.pool.pods[i]!.weight)) return;
    this.pool = pool;
    for (const [i, runtime] of this.pods.entries()) runtime.pod = pods[i]!;
    this.#zones?.weigh(pods.map(({ weight }) => weight));
    this.#table.outdate();
    this.#legacy = this.#learned(this.tags);
    this.#picker?.free?.();
    this.#picker = undefined;
    this.#restand();
  }

  #restand(): void {
    this.shared = stand(this);
    this.#localUntil = 0;
    this.#local = this.shared;
    for (const runtime of this.pods) if (runtime.suspectUntil > 0) this.suspected(runtime.suspectUntil);
  }

  /** How the pods stand for a new session: the shared view without the pods that this isolate suspects. */
  standing(now: number): Standing {
    const open = this.#open(now);
    return this.#warmth === undefined ? open : this.#warmth.over(open, now);
  }

  #open(now: number): Standing {
    if (this.#localUntil === 0) return this.#local;
    if (now < this.#localUntil && this.#local !== this.shared) return this.#local;
    let until = 0;
    for (const pod of this.pods) {
      const { suspectUntil } = pod;
      if (pod.suspected(now) && (until === 0 || suspectUntil < until)) until = suspectUntil;
    }
    this.#localUntil = until;
    const local = until === 0 ? this.shared : unsuspected(this, now);
    // Suspicion must not take the last pod, nor too many: then all that the shared view admits may be tried.
    const least = Math.max(1, (this.pool.outlier?.minHealth ?? 0) * weighty(this.pods));
    this.#local = local.live >= least ? local : this.shared;
    return this.#local;
  }

  desperate(): Standing {
    return desperate(this);
  }

  suspected(until: number): void {
    this.#local = this.shared;
    this.#localUntil = this.#localUntil === 0 ? until : Math.min(this.#localUntil, until);
  }

  /** The index of the pod for a new session, or -1. */
  pick(key: string, word: number, standing: Standing, now: number, by?: string | readonly string[]): number {
    this.#picker ??= this.#build(now);
    const picker = this.#picker;
    if (standing.slow === undefined || this.#warms) return picker.pick({ key, by, word, now }, standing);
    return accept(standing.slow, word, (turn) => picker.pick({ key, by, word: turn, now }, standing));
  }

  /** Whether a new placement gains by asking for the load first: that known is old by how long requests last. */
  isWorthAsking(now: number, period: number): boolean {
    return this.#asks && worthAsking(this.share, now, period);
  }

  /** How pods stand for a request of a zone: those of other zones are out, unless the zone is busy or has none. */
  near(standing: Standing, zone: string | undefined, word: number): Standing {
    if (zone === undefined) return standing;
    return this.#zones?.narrow(word, zone, standing) ?? standing;
  }

  /** A pod's response began `latency` ms after it was asked, for policies that go by that. */
  observe(index: number, latency: number, now: number): void {
    this.#picker?.observe?.(index, latency, now);
  }

  /** What this isolate did with the pods since it was asked last, added to `use` by tag. */
  tell(use: Record<string, PodUse>, now: number): void {
    for (const { meter, pod } of this.pods) {
      const told = meter.take(this.inflight[pod.index]!, now);
      if (told !== undefined) use[this.tags[pod.index]!] = told;
    }
  }

  /** New sessions by zone of their request since this was asked last; undefined where zones do not matter. */
  placed(): Record<string, number> | undefined {
    return this.#zones?.take();
  }

  /** Takes in what the coordinator answered to a heartbeat that was sent at `asked` with `sent`. */
  hear(answer: BeatAnswer, sent: Readonly<Record<string, PodUse>>, asked: number, tau: number): void {
    const load = answer.load?.[this.pool.name];
    this.share.hear(this.tags, sent, load, asked, tau, answer.isolates === 1);
    this.#zones?.hear(load?.zones);
    this.#warmth = Warmth.of(this.pool, this.tags, answer.starting, asked);
  }

  /** What a choice goes by now, beside config, health, key and chance: for whoever replays it elsewhere. */
  moment(now: number): Moment {
    const { out, slow } = this.standing(now);
    const { others, worth, m, tau, at, alone } = this.share;
    const heard = Number.isFinite(at);
    if (this.#legacy !== undefined) this.#picker ??= this.#build(now);
    return {
      out: [...out],
      slow: slow && [...slow],
      inflight: this.load ? [...this.inflight] : undefined,
      share: heard ? { others: [...others], worth: [...worth], m, tau, at } : undefined,
      alone,
      split: this.#zones?.split,
      picker: this.#picker?.state?.(),
    };
  }

  /** Chooses as the pool did at that moment, until it hears anything. */
  recall({ out, slow, inflight, share, alone, split, picker }: Moment): void {
    const live = fill(this.pods, Uint8Array.from(out), (_, i) => out[i] === 0);
    this.#local = standingOf(this, Uint8Array.from(out), live);
    this.#localUntil = Number.POSITIVE_INFINITY;
    const warmth = slow && Uint32Array.from(slow);
    this.#warmth = warmth && { over: (base) => ({ ...base, slow: warmth, version: nextVersion() }) };
    if (inflight !== undefined) this.inflight.set(inflight);
    if (share !== undefined) {
      this.share.others.set(share.others);
      this.share.worth.set(share.worth);
      const { m, tau, at } = share;
      Object.assign(this.share, { m, tau, at, revision: this.share.revision + 1 });
    }
    this.share.alone = alone;
    this.#zones?.hear(split);
    this.#picker ??= this.#build(0);
    if (picker !== undefined) this.#picker.restore?.(picker);
  }

  /** Whether any request is in flight. */
  get busy(): boolean {
    return this.inflight.some((count) => count > 0);
  }

  /** The pool's hash table, whatever its policy: rebinding goes by it. */
  table(): Table {
    return this.#table.get(this.pool);
  }

  /**
   * Takes over from the pool's last snapshot: its retry budget, and its table, as it is when it was built of the same pods, else to make its own of it
   * once it is asked for.
   */
  inherit(old: PoolRuntime): boolean {
    this.budget = old.budget;
    if (old.pool.policy.name === this.pool.policy.name) this.#legacy = old.#learned(this.tags);
    const same =
      old.pool.tableBits === this.pool.tableBits &&
      old.pool.pods.length === this.pool.pods.length &&
      old.pool.pods.every(
        (pod, i) => pod.id === this.pool.pods[i]!.id && pod.weight === this.pool.pods[i]!.weight,
      );
    this.#table.inherit(old.#table, same);
    return same;
  }

  /**
   * Gives the memory back. A request that has outlived its view is still answered, slowly; what it has built is given back
   * at once, as nobody would do it later.
   */
  free(): void {
    this.#freed = true;
    this.#table.free();
    this.#picker?.free?.();
  }

  /** What the picker has learned, for one of the pods with these tags. */
  #learned(tags: readonly string[]): Legacy | undefined {
    const learned = this.#picker?.inherit && this.#picker.state?.();
    const legacy = learned === undefined ? this.#legacy : { state: learned, at: this.tags.map((_, i) => i) };
    if (legacy === undefined) return undefined;
    const places = new Map(this.tags.map((tag, i) => [tag, legacy.at[i]!]));
    return { state: legacy.state, at: tags.map((tag) => places.get(tag) ?? -1) };
  }

  #build(now: number): Picker {
    const { name, options } = this.pool.policy;
    const policy = policies[name as PolicyName];
    const picker = policy.build(this.pool.pods, options as never, this.#tools);
    if (this.#freed) picker.free?.();
    if (this.#legacy !== undefined) picker.inherit?.(this.#legacy.state, this.#legacy.at, now);
    this.#legacy = undefined;
    return picker;
  }

  /** Whether one more pod may be kept out by `health.outlier`. @param most as a fraction of all */
  hasRoom(most: number, now: number): boolean {
    const out = this.pods.filter(({ state, streak }) => state === "ejected" || streak?.isOut(now)).length;
    return out + 1 <= most * this.pods.length;
  }
}
