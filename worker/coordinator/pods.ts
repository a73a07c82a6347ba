import type { Tell } from "../../src/events/catalog.ts";
import type { PodState } from "../../src/health/state.ts";
import { pageOf } from "../../src/model/page.ts";
import { type Pod, tagToHex } from "../../src/model/pod.ts";
import type { Pool } from "../../src/model/pool.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { type Operator, type PodOrder, type PoolOrder, poolSubject } from "./operator.ts";
import type { PodHealth, PodPage, PodStatus, PoolStatus } from "./pod-status.ts";
import type { PodWeights } from "./pod-weights.ts";
import type { PodGlance } from "./pool-checkup.ts";
import { noPod, noPool, type Reply, refused } from "./reply.ts";
import { splitsOf, type Weights } from "./weights.ts";

/** An order about one pod. */
export interface PodChange {
  readonly pool: string;
  readonly pod: string;
  /** Undefined: as it is, and the weight alone is another. */
  readonly state?: "ready" | "draining" | "disabled";
  /** Its part of the pool's new sessions; null takes it back, undefined leaves it. */
  readonly weight?: number | null;
  /** Milliseconds since the epoch; undefined: the pool's `drain` from now. */
  readonly deadline?: number;
  /** Leave a pod alone that an operator has taken out already, its deadline too. */
  readonly once?: boolean;
  readonly who: string;
}

/** An order about all pods of a pool; `ready` takes it back. */
export interface PoolChange {
  readonly pool: string;
  /** Undefined: as it is, and the weight alone is another. */
  readonly state?: "ready" | "paused" | "rolled-back" | "retiring";
  /** As a side of splits; null takes it back, undefined leaves it. */
  readonly weight?: number | null;
  readonly deadline?: number;
  readonly who: string;
}

/** What probes and edges know of a pod, by its tag. */
export interface Seen {
  state(tag: string): PodState;
  /** What {@link state} would say if its pool were this one. */
  foresee(pool: Pool, tag: string): PodState;
  health(tag: string): PodHealth;
  /** When what it said last changed; null before that. */
  since(tag: string): number | null;
  inFlight(tag: string): number;
}

/** Pods of the config in force: how they stand, and what operators order. */
export class Pods {
  readonly #operator: Operator;
  readonly #weights: Weights;
  readonly #podWeights: PodWeights;
  readonly #snapshot: () => Snapshot | undefined;
  readonly #seen: Seen;
  readonly #tell: Tell;
  #named: { of: Snapshot | undefined; pods: readonly { pool: string; tag: string }[] } = {
    of: undefined,
    pods: [],
  };

  constructor(
    operator: Operator,
    weights: Weights,
    podWeights: PodWeights,
    snapshot: () => Snapshot | undefined,
    seen: Seen,
    tell: Tell,
  ) {
    this.#operator = operator;
    this.#weights = weights;
    this.#podWeights = podWeights;
    this.#snapshot = snapshot;
    this.#seen = seen;
    this.#tell = tell;
  }

  state(pod: Pod): PodState {
    const tag = tagToHex(pod.tag);
    return this.#operator.state(pod.pool, tag, this.#seen.state(tag));
  }

  /** The states that are not ready, by tag: what edges hear. */
  health(): Record<string, PodState> {
    const snapshot = this.#snapshot();
    // With each heartbeat: the tags of ten thousand pods are not written anew for each.
    if (snapshot !== this.#named.of) this.#named = { of: snapshot, pods: namesOf(snapshot) };
    const health: Record<string, PodState> = {};
    for (const { pool, tag } of this.#named.pods) {
      const state = this.#operator.state(pool, tag, this.#seen.state(tag));
      if (state !== "ready") health[tag] = state;
    }
    return health;
  }

  /** The same if another snapshot came into force now: pods that were not probed before have not passed yet. */
  foresee(snapshot: Snapshot): Record<string, PodState> {
    const health: Record<string, PodState> = {};
    for (const pool of snapshot.pools) {
      for (const pod of pool.pods) {
        const tag = tagToHex(pod.tag);
        const state = this.#operator.state(pool.name, tag, this.#seen.foresee(pool, tag));
        if (state !== "ready") health[tag] = state;
      }
    }
    return health;
  }

  list(pool: string): Reply<PoolStatus> {
    const found = this.#pool(pool);
    if (found === undefined) return noPool(pool);
    const weight = this.#weights.of(pool) ?? null;
    return { ok: true, weight, pods: found.pods.map((pod) => this.status(pod)) };
  }

  /** A part of the list; without pods where the cursor names none of them. */
  page(pool: string, limit: number, cursor: string | undefined): Reply<PodPage> {
    const found = this.#pool(pool);
    if (found === undefined) return noPool(pool);
    const page = pageOf(found.pods, ({ id }) => id, limit, cursor);
    return page === undefined
      ? { ok: true, pods: null, cursor: null }
      : { ok: true, pods: page.items.map((pod) => this.status(pod)), cursor: page.cursor };
  }

  read(pool: string, id: string): Reply<{ pod: PodStatus }> {
    const pod = this.#pod(pool, id);
    return "ok" in pod ? pod : { ok: true, pod: this.status(pod) };
  }

  /** Sets what the operator says of a pod. The same order again counts from now. */
  order(change: PodChange, now: number): Reply<{ pod: PodStatus }> {
    const pod = this.#pod(change.pool, change.pod);
    if ("ok" in pod) return pod;
    const tag = tagToHex(pod.tag);
    const { state, weight, who } = change;
    if (weight !== undefined) {
      const given = weight ?? undefined;
      const refused = this.#podWeights.refuse(pod, given, this.#pool(pod.pool)!);
      if (refused !== undefined) return refused;
      this.#podWeights.set(tag, given, who, now);
      this.#tell("weight-given", { pool: pod.pool, pod: pod.id, weight, who });
    }
    if (state !== undefined && (change.once !== true || !this.#closed(pod)))
      this.#set(tag, state, change, now);
    return { ok: true, pod: this.status(pod) };
  }

  /**
   * All pods of a pool at once. `paused`: they keep their sessions, and take no new ones. `rolled-back`: they lose their sessions at once, `canary-rollback`. `retiring`: they keep
   * them until the deadline, and take no new ones, `canary-promote`.
   */
  orderPool(change: PoolChange, now: number): Reply<PoolStatus> {
    const { pool, state, weight, who } = change;
    if (this.#pool(pool) === undefined) return noPool(pool);
    // What was ordered while there was a split may be taken back without one.
    if (state !== undefined && state !== "ready" && splitsOf(pool, this.#snapshot()).length === 0)
      return NO_SIDE;
    if (weight !== undefined) {
      const weighed = { pool, weight: weight ?? undefined, who };
      const refused = this.#weights.refuse(weighed, this.#snapshot());
      if (refused !== undefined) return refused;
      this.#weights.set(weighed, now);
      this.#tell("weight-given", { pool, pod: "", weight, who });
    }
    if (state !== undefined) this.#set(poolSubject(pool), state, change, now);
    return this.list(pool);
  }

  status(pod: Pod): PodStatus {
    const tag = tagToHex(pod.tag);
    const health = this.#seen.health(tag);
    const state = this.#operator.state(pod.pool, tag, health.state);
    const orders = [this.#operator.of(tag), this.#operator.of(poolSubject(pod.pool))];
    const order = orders.find((candidate) => candidate?.state === state);
    return {
      pool: pod.pool,
      id: pod.id,
      tag,
      weight: this.#podWeights.over(this.#pool(pod.pool)!).pods[pod.index]!.weight,
      configWeight: pod.weight,
      state,
      since: order?.since ?? health.since,
      deadline: (order ?? orders.find((candidate) => candidate?.deadline !== undefined))?.deadline ?? null,
      inFlight: this.#seen.inFlight(tag),
      health,
    };
  }

  /** All pods of a pool, without what stands on the disk of each. */
  glance(pool: Pool): PodGlance[] {
    const weighed = this.#podWeights.over(pool).pods;
    return pool.pods.map((pod, i) => {
      const tag = tagToHex(pod.tag);
      return {
        id: pod.id,
        tag,
        state: this.state(pod),
        since: this.#seen.since(tag),
        weight: weighed[i]!.weight,
        configWeight: pod.weight,
        inFlight: this.#seen.inFlight(tag),
      };
    });
  }

  #set(
    subject: string,
    state: PodOrder | PoolOrder | "ready",
    {
      pool,
      pod = "",
      deadline,
      who,
    }: Pick<PoolChange, "pool" | "deadline" | "who"> & { readonly pod?: string },
    now: number,
  ): void {
    if (state === "ready") {
      this.#operator.lift(subject);
      this.#tell("order-given", { pool, pod, state, deadline: null, who });
      return;
    }
    const ends = state === "draining" || state === "retiring";
    const until = ends ? (deadline ?? now + this.#pool(pool)!.drain) : undefined;
    this.#operator.set(subject, { state, deadline: until, since: now, who });
    this.#tell("order-given", { pool, pod, state, deadline: until ?? null, who });
    // A deadline that is over already is so at once.
    this.#operator.flip(now);
  }

  /** Whether an operator has taken the pod out already. */
  #closed(pod: Pod): boolean {
    const orders = [this.#operator.of(tagToHex(pod.tag)), this.#operator.of(poolSubject(pod.pool))];
    return orders.some((order) => order !== undefined);
  }

  #pool(name: string): Pool | undefined {
    return this.#snapshot()?.pools.find((pool) => pool.name === name);
  }

  #pod(pool: string, id: string): Pod | ReturnType<typeof noPod> {
    const found = this.#pool(pool);
    if (found === undefined) return noPool(pool);
    return found.pods.find((pod) => pod.id === id) ?? noPod(pool, id);
  }
}

function namesOf(snapshot: Snapshot | undefined): { pool: string; tag: string }[] {
  return (snapshot?.pools ?? []).flatMap(({ name, pods }) =>
    pods.map(({ tag }) => ({ pool: name, tag: tagToHex(tag) })),
  );
}

const NO_SIDE = refused(
  409,
  "no-split",
  "This pool is a side of no split",
  "paused, rolled-back and retiring are said of a side of a split, whose other sides take over. Drain or disable its pods one by one.",
);
