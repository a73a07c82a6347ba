import { createHash } from "node:crypto";
import { compile } from "../../src/config/compile.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Core } from "../../src/core/core.ts";
import type { PodState } from "../../src/health/state.ts";
import type { Retention, Sid } from "../../src/model/binding.ts";
import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { BindingStore, ListedBinding } from "../../src/model/ports.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Listing } from "../../src/plan/plan.ts";
import { type Departed, View } from "../../src/route/view.ts";
import { MemoryStore } from "./memory-store.ts";

export const SALT = "5a".repeat(16);

const digest = async (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()).buffer;

/** Undefined for a document that is not valid. */
export async function snapshotOf(document: object, revision: number): Promise<Snapshot | undefined> {
  const parsed = parseConfig(JSON.stringify(document));
  return parsed.ok ? compile(parsed.config, revision, digest) : undefined;
}

/** A view as an edge makes it of what the coordinator tells, with the pods that left. */
export function viewOf(
  snapshot: Snapshot,
  departed: readonly Departed[],
  health: Readonly<Record<string, PodState>>,
  core: Core,
  before?: View,
): View {
  const view = new View(
    { incarnation: 1, revision: snapshot.revision, salt: SALT },
    snapshot,
    departed,
    core,
    before,
    0,
  );
  view.apply(health);
  return view;
}

/** The pods that the coordinator remembers once `after` is in force. */
export function departing(before: View, after: Snapshot): Departed[] {
  const present = new Set(after.pools.flatMap(({ pods }) => pods.map(({ tag }) => tag)));
  const all = [
    ...before.departed.values(),
    ...before.pools.flatMap(({ pods }) => pods.map(({ pod }) => pod)),
  ];
  return all.filter(({ tag }) => !present.has(tag)).map(({ tag, pool, id }) => ({ tag, pool, id }));
}

/** A store in memory with an index by pod, which plans are counted from. */
export class ListedStore {
  readonly memory = new MemoryStore();
  readonly #scores = new Map<Sid, number>();
  readonly store: BindingStore;

  constructor() {
    const { memory } = this;
    const score = (sid: Sid, keep: Retention) => void this.#scores.set(sid, keep.expires);
    this.store = Object.assign(Object.create(memory) as BindingStore, {
      create: (binding, keep) => {
        score(binding.sid, keep);
        return memory.create(binding);
      },
      renew: (binding, keep) => {
        score(binding.sid, keep);
        return memory.renew(binding);
      },
      swap: (swap, keep) => {
        score(swap.sid, keep);
        return memory.swap(swap);
      },
    } satisfies Partial<BindingStore>);
  }

  listing(now: number): Listing {
    const live = this.live(now);
    const of = (pods: readonly PodTag[]) => {
      const asked = new Set(pods);
      return live.filter(({ pod }) => asked.has(pod));
    };
    return {
      count: async (pods) => pods.map((pod) => of([pod]).length),
      pages: async function* (pods, size) {
        const all = of(pods);
        for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
      },
    };
  }

  live(now: number): ListedBinding[] {
    return [...this.memory.bindings.values()]
      .map((binding) => ({ ...binding, expires: this.#scores.get(binding.sid) ?? 0 }))
      .filter(({ state, expires, exp }) => state === "A" && expires >= now && exp >= now);
  }
}

/** 12 hex digits of each pod of a snapshot. */
export function tagsOf({ pools }: Snapshot): string[] {
  return pools.flatMap(({ pods }) => pods.map(({ tag }) => tagToHex(tag)));
}
