import { ordered } from "../../src/health/orders.ts";
import { type HealthView, type PodState, STATES } from "../../src/health/state.ts";
import type { Beat, BeatAnswer, ConfigRecord, DepartedPod } from "../../src/model/beat.ts";
import { parseRecord } from "../../src/model/beat.ts";
import type { Sid } from "../../src/model/binding.ts";
import { type Pod, type PodTag, tagToHex } from "../../src/model/pod.ts";
import { type Pool, weighed } from "../../src/model/pool.ts";
import type { BindingStore } from "../../src/model/ports.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { blank, type Disk, departedAfter, type Order, SALT } from "./disk.ts";
import { compileDocument } from "./document.ts";
import type { SimFleet } from "./fleet.ts";
import type { SimLedger } from "./ledger.ts";
import type { Loop } from "./loop.ts";
import type { SimProber } from "./prober.ts";
import { type Place, SimSessions } from "./sessions.ts";
import type { Trace } from "./trace.ts";

/** A heartbeat's answer, and when it was made in true time: only the watch looks at that. */
export interface Told extends BeatAnswer {
  readonly madeAt: number;
}

export interface CoordinatorParts {
  readonly loop: Loop;
  readonly trace: Trace;
  readonly prober: SimProber;
  readonly fleet: SimFleet;
  readonly store: BindingStore;
  /** The snapshot key, by the way to the store. */
  readonly snapshots: { get(): Promise<string | undefined>; put(text: string): Promise<void> };
  readonly period: number;
  /** Of the sids of keyed sessions; absent: one for all. */
  readonly salt?: string;
}

/** worker/coordinator/coordinator.ts in virtual time, over the real readiness rule. Its operator's part is decided here. */
export class SimCoordinator {
  up = false;
  snapshot: Snapshot | undefined;
  /** When each revision was written, by incarnation and revision: true time. */
  readonly written: { readonly at: number; readonly incarnation: number; readonly revision: number }[] = [];
  /** When an answer last said of a pod that it keeps nothing; when a pod last came into the config. */
  readonly unkept = new Map<string, number>();
  readonly present = new Map<string, number>();
  /** When the last coordinator without a memory began. */
  reborn = Number.NEGATIVE_INFINITY;
  #disk: Disk;
  #publishing = false;
  readonly #parts: CoordinatorParts;
  readonly #sessions: SimSessions;

  constructor(parts: CoordinatorParts) {
    this.#parts = parts;
    this.#disk = blank();
    const { loop, store } = parts;
    const now = () => (this.up ? this.#disk : undefined);
    this.#sessions = new SimSessions({ loop, store, disk: now, snapshot: () => this.snapshot });
    parts.prober.recovered = (tag) => parts.fleet.recover(tag);
  }

  get announced(): SimSessions["announced"] {
    return this.#sessions.announced;
  }

  get ledger(): SimLedger {
    return this.#disk.ledger;
  }

  get record(): ConfigRecord | undefined {
    return this.#disk.record;
  }

  /** Starts on the disk that it has; a new one begins with the store's snapshot, else with `bundled`. */
  async start(bundled: string): Promise<void> {
    const disk = this.#disk;
    const { loop, prober, fleet, snapshots } = this.#parts;
    if (disk.incarnation === 0) {
      const kept = await snapshots.get().then(
        (text) => (text === undefined ? undefined : parseRecord(text)),
        () => undefined,
      );
      disk.incarnation = Math.max(Math.floor(loop.now), (kept?.incarnation ?? 0) + 1);
      const { document, revision, departed } = kept ?? { document: bundled, revision: 1, departed: [] };
      await this.#write(document, revision, departed);
    }
    const record = disk.record!;
    this.snapshot = await compileDocument(record.document, record.revision);
    if (disk !== this.#disk) return;
    prober.follow(this.snapshot, disk.states);
    fleet.follow(this.snapshot);
    this.up = true;
    this.#publish();
  }

  crash(loseDisk: boolean): void {
    this.up = false;
    this.#disk.states = this.#parts.prober.states();
    this.#parts.prober.crash();
    this.#parts.fleet.crash();
    this.#publishing = false;
    if (!loseDisk) return;
    this.#disk = blank();
    this.reborn = this.#parts.loop.now;
  }

  /** PUT /config on the revision that the writer read; the new revision, or undefined for 412. */
  async put(document: string, match: number): Promise<number | undefined> {
    this.#mustBeUp();
    const disk = this.#disk;
    const revision = match + 1;
    await compileDocument(document, revision);
    if (disk !== this.#disk || disk.record?.revision !== match) return undefined;
    await this.#write(document, revision, disk.record.departed);
    this.snapshot = await compileDocument(document, revision);
    this.#parts.prober.follow(this.snapshot, disk.states);
    this.#parts.fleet.follow(this.snapshot);
    this.#publish();
    return revision;
  }

  beat(beat: Beat): Told {
    this.#mustBeUp();
    const { loop, prober, fleet, period } = this.#parts;
    const disk = this.#disk;
    disk.ledger.take(beat);
    prober.served(beat.served);
    this.#publish();
    if (beat.failed.length > 0) prober.hurry(beat.failed);
    const word = fleet.hear(beat, period);
    const health = this.health();
    for (const [tag, state] of Object.entries(health)) {
      if (!STATES[state].keep) this.unkept.set(tag, loop.now);
    }
    const record = disk.record!;
    const current = beat.incarnation === disk.incarnation && beat.revision === record.revision;
    const position = beat.incarnation === disk.incarnation ? beat.feed : 0;
    const entries = disk.feed.filter((entry) => entry.seq > position && entry.exp > loop.now);
    const answer = {
      ...word,
      incarnation: disk.incarnation,
      revision: record.revision,
      health,
      feed: { entries, seq: disk.feed.at(-1)?.seq ?? position },
      next: period,
      podWeights: Object.fromEntries(disk.podWeights),
      madeAt: loop.now,
    };
    return current ? answer : { ...answer, config: record };
  }

  /** As edges choose by them. */
  pools(): Pool[] {
    const given = Object.fromEntries(this.#disk.podWeights);
    return (this.snapshot?.pools ?? []).map((pool) => weighed(pool, given));
  }

  /** What operators said over what probes and edges say: worker/coordinator/operator.ts, sight.ts. */
  health(): HealthView {
    const { prober, fleet } = this.#parts;
    const health: Record<string, PodState> = {};
    for (const pool of this.snapshot?.pools ?? []) {
      for (const pod of pool.pods) {
        const tag = tagToHex(pod.tag);
        const probed = prober.state(tag);
        const seen = probed === "ready" && fleet.isOut(pool.name, tag) ? "ejected" : probed;
        const { orders, pools } = this.#disk;
        const state = ordered(orders.get(tag)?.state, pools.get(pool.name)?.state, seen);
        if (state !== "ready") health[tag] = state;
      }
    }
    return health;
  }

  /** PATCH of a pod: draining becomes drained at its deadline, by this clock alone. */
  order(pod: PodTag, state: "ready" | "draining" | "disabled", deadline: number): void {
    this.#mustBeUp();
    this.#order(
      this.#disk.orders,
      tagToHex(pod),
      state,
      state === "draining" ? "drained" : undefined,
      deadline,
    );
  }

  /** PATCH of a pod's weight; null takes it back. One that would leave its pool none is refused. */
  weigh(pod: Pod, weight: number | null): void {
    this.#mustBeUp();
    const { podWeights } = this.#disk;
    const pool = this.snapshot?.pools.find(({ name }) => name === pod.pool);
    const tag = tagToHex(pod.tag);
    const of = (other: Pod) =>
      other === pod ? (weight ?? pod.weight) : (podWeights.get(tagToHex(other.tag)) ?? other.weight);
    if (pool?.pods.some((other) => of(other) > 0) !== true) return;
    if (weight === null) podWeights.delete(tag);
    else podWeights.set(tag, weight);
  }

  /** Rollback or promotion: of every pod of a pool. */
  orderPool(pool: string, state: "ready" | "paused" | "rolled-back" | "retiring", deadline: number): void {
    this.#mustBeUp();
    this.#order(this.#disk.pools, pool, state, state === "retiring" ? "retired" : undefined, deadline);
  }

  #order(
    orders: Map<string, Order>,
    key: string,
    state: PodState,
    then: PodState | undefined,
    deadline: number,
  ): void {
    const order = { state };
    if (state === "ready") {
      // Until every edge has heard it, some still act on the order before.
      const before = orders.get(key)?.state;
      if (before !== undefined && !STATES[before].keep) this.unkept.set(key, this.#parts.loop.now);
      orders.delete(key);
      return;
    }
    orders.set(key, order);
    if (then === undefined) return;
    // An alarm: it survives restarts.
    this.#parts.loop.after(deadline, () => {
      if (orders.get(key) === order) orders.set(key, { state: then });
    });
  }

  /** Store, feed, ledger, in that order; what became of it. */
  async move(sid: Sid, to: Place): Promise<string> {
    this.#mustBeUp();
    return this.#sessions.change(sid, "moved-by-operator", to);
  }

  async revoke(sid: Sid): Promise<string> {
    this.#mustBeUp();
    return this.#sessions.change(sid, "revoked", undefined);
  }

  #mustBeUp(): void {
    if (!this.up) throw new Error("the coordinator is down");
  }

  async #write(document: string, revision: number, departed: readonly DepartedPod[]): Promise<void> {
    const disk = this.#disk;
    const before = disk.record;
    const { loop, salt = SALT } = this.#parts;
    const { now } = loop;
    const after = await compileDocument(document, revision);
    const pods = after.pools.flatMap((pool) => pool.pods);
    const tags = new Set(pods.map((pod) => tagToHex(pod.tag)));
    const old = before === undefined ? undefined : await compileDocument(before.document, before.revision);
    const gone = departedAfter(departed, old, tags);
    for (const tag of this.present.keys()) if (!tags.has(tag)) this.present.delete(tag);
    for (const tag of tags) if (!this.present.has(tag)) this.present.set(tag, now);
    disk.record = { incarnation: disk.incarnation, revision, document, departed: gone, salt };
    this.written.push({ at: now, incarnation: disk.incarnation, revision });
    this.#parts.trace.say(now, `coordinator holds revision ${revision} of ${disk.incarnation}`);
  }

  #publish(): void {
    const disk = this.#disk;
    const { record } = disk;
    if (record === undefined || this.#publishing || disk.published === record.revision) return;
    this.#publishing = true;
    this.#parts.snapshots.put(JSON.stringify(record)).then(
      () => {
        disk.published = record.revision;
        this.#publishing = false;
      },
      () => {
        this.#publishing = false;
      },
    );
  }
}
