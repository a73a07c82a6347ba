import type { Core, LoadView, Table } from "../core/core.ts";
import type { Pod } from "../model/pod.ts";
import type { Pool } from "../model/pool.ts";
import type { Template } from "../model/template.ts";
import type * as z from "../model/zod.ts";
import type { FleetView } from "./guarded.ts";

/** What one choice is made from. */
export interface PickQuery {
  /** The text that places the session: its sid. Pickers that do not hash ignore it. */
  readonly key: string;
  /**
   * In place of the key: what the pool's `by` makes of an unkeyed request, or, where the policy says `byValue`, the affinity key
   * as the request has it. Each character a byte; a list where several things are hashed one by one. Empty: the key.
   */
  readonly by?: string | readonly string[] | undefined;
  /** 32 random bits; the only chance a picker has. */
  readonly word: number;
  /** Milliseconds since the epoch, for pickers that go by what they have observed; absent: when they last observed. */
  readonly now?: number;
}

/**
 * How the pods of one pool stand right now; indexes are `Pod.index`. `version` is another number for other contents of
 * `out` and `slow`: what pickers remember about them is good for one version. `inflight` are requests by the leases of
 * this isolate, and may change at any time.
 */
export interface Standing extends LoadView {}

/** A policy built over one set of pods. */
export interface Picker {
  /** The index of the pod for a new session, or -1 when every pod is out. Never a pod that is out. */
  pick(query: PickQuery, standing: Standing): number;
  /**
   * A pod answered: `latency` milliseconds from sending the request to its headers, at `now`. Only pickers that learn from
   * it have this.
   */
  observe?(index: number, latency: number, now: number): void;
  /** What it remembers from pick to pick, for {@link restore} in a picker of the same pods. Only those that remember have both. */
  state?(): readonly number[] | undefined;
  restore?(state: readonly number[]): void;
  /**
   * Goes on from what the picker of the pool's last pods remembered. Only those that learn pod by pod have this.
   * @param at the place of each pod in those, -1 of a new one @param now milliseconds since the epoch
   */
  inherit?(state: readonly number[], at: readonly number[], now: number): void;
  /** Gives back what it holds in the core; whoever built it calls it once, and may still pick. */
  free?(): void;
}

/** A balancing algorithm: its name, its options, and how to build it. One file each, one line in the registry. */
export interface Policy<Options = unknown> {
  readonly name: string;
  /** One sentence for docs and console. */
  readonly summary: string;
  /** Parses the options and fills in defaults. */
  readonly options: z.ZodMiniType<Options>;
  /** Whether it reads `Standing.inflight`, so that leases must be held to the end of the body. */
  readonly load: boolean;
  /** Whether it reads it with these options, where `load` is false. */
  readonly loadWith?: (options: Options) => boolean;
  /** Whether a new placement of a long request had better wait for what the load is now, with these options. */
  readonly asks?: (options: Options) => boolean;
  /** What of an unkeyed request it places it by, with these options; undefined: chance. */
  readonly by?: (options: Options) => Template | readonly Template[] | undefined;
  /** Whether it tells pods apart by their addresses, which no trace has: who replays a choice must be told of it. */
  readonly addresses?: boolean;
  /** Whether a session that an affinity key begins is placed by the value of that key, and not by its sid. */
  readonly byValue?: boolean;
  /** What is to be said of pods of these weights: that they are not placed as they would be elsewhere. */
  readonly notice?: (weights: readonly number[], options: Options) => string | undefined;
  /** Whether it heeds `Standing.slow` itself; else whoever calls it turns down some of what it picks. */
  readonly warms?: boolean;
  build(pods: readonly Pod[], options: Options, tools: PickerTools): Picker;
}

export interface PickerTools {
  readonly core: Core;
  /** The pool's hash table, built on first use and shared with rebinding. */
  readonly table: () => Table;
  /** The load that other isolates put on the pods; absent: there are none. */
  readonly fleet?: FleetView;
}

/** Versions are drawn from one counter, so that no two standings share one by accident. */
let versions = 0;

export function nextVersion(): number {
  versions = (versions + 1) >>> 0;
  return versions;
}

/** The same standing with one more pod out. */
export function without(standing: Standing, pods: readonly Pod[], index: number): Standing {
  if (standing.out[index] === 1) return standing;
  const out = standing.out.slice();
  out[index] = 1;
  const live = standing.live - (pods[index]!.weight > 0 ? 1 : 0);
  return { ...standing, out, live, version: nextVersion() };
}

/** All candidates in order of preference: the caller takes the first that is acceptable. */
export function* candidates(
  picker: Picker,
  pool: Pool,
  query: PickQuery,
  standing: Standing,
): Generator<number> {
  let now = standing;
  for (;;) {
    const index = picker.pick(query, now);
    if (index < 0) return;
    yield index;
    now = without(now, pool.pods, index);
  }
}
