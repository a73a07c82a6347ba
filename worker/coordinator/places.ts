import { type Meaning, type PodState, STATES } from "../../src/health/state.ts";
import type { DepartedPod } from "../../src/model/beat.ts";
import { type Binding, parseVia } from "../../src/model/binding.ts";
import { type Pod, type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { AffinityConfig } from "../../src/model/pool.ts";
import type { Scope, Snapshot } from "../../src/model/snapshot.ts";

/** Where there is no config. */
export const NOTHING: Snapshot = {
  revision: 0,
  explain: false,
  zone: undefined,
  trustedProxies: [],
  limits: { headers: 0, headerBytes: 0, url: 0 },
  announce: undefined,
  pools: [],
  scopes: [],
  routes: [],
};

/** The pods of one config by what sessions say of them, those that have left it included. */
export class Places {
  readonly #snapshot: Snapshot;
  readonly #byTag = new Map<PodTag, Pod>();
  readonly #departed = new Map<string, DepartedPod>();
  readonly #state: (pod: Pod) => PodState;

  constructor(snapshot: Snapshot, departed: readonly DepartedPod[], state: (pod: Pod) => PodState) {
    this.#snapshot = snapshot;
    this.#state = state;
    for (const pool of snapshot.pools) for (const pod of pool.pods) this.#byTag.set(pod.tag, pod);
    for (const pod of departed) this.#departed.set(pod.tag, pod);
  }

  pods(): Pod[] {
    return [...this.#byTag.values()];
  }

  /** Pool and id of a pod; undefined when nobody remembers it. */
  named(tag: PodTag): { pool: string; id: string } | undefined {
    return this.#byTag.get(tag) ?? this.#departed.get(tagToHex(tag));
  }

  standing(pod: Pod): { state: PodState; meaning: Meaning } {
    const state = this.#state(pod);
    return { state, meaning: STATES[state] };
  }

  /** The pods that a session may be on, those of its own pool first. */
  neighbours(session: Pick<Binding, "pod" | "via">): Pod[] {
    const own = this.named(session.pod)?.pool;
    const pools = new Set(
      this.#scopes(session).flatMap(({ pools, sticky }) =>
        sticky === "primary" ? pools.slice(0, 1) : pools,
      ),
    );
    return [...pools]
      .sort((a, b) => Number(b.name === own) - Number(a.name === own))
      .flatMap((pool) => pool.pods);
  }

  /** The affinity chain by which a session came. */
  affinity(session: Pick<Binding, "pod" | "via">): readonly AffinityConfig[] {
    return this.#scopes(session)[0]?.affinity ?? [];
  }

  /** Its scope; where that is not known, those of its pool, the one first that the pool is the primary of. */
  #scopes({ pod, via }: Pick<Binding, "pod" | "via">): Scope[] {
    const { scope: id } = parseVia(via);
    const own = this.#snapshot.scopes.filter((scope) => scope.id === id);
    if (own.length > 0) return own;
    const pool = this.named(pod)?.pool;
    const scopes = this.#snapshot.scopes.filter((scope) => scope.pools.some(({ name }) => name === pool));
    return scopes.sort((a, b) => Number(b.id === pool) - Number(a.id === pool));
  }
}
