import { type Plan, POOL } from "./admin.ts";
import { count } from "./page/parts/words.js";

/** A change of the shop's pods that can be planned before it is made. */
export type Change = { readonly add: string; readonly url: string } | { readonly remove: string };

/** Whom a change would move, as the page shows it. */
export interface PlanView {
  /** The pod that it adds or takes out. */
  readonly add?: string;
  readonly remove?: string;
  /** Of the config that it was planned over: it is made over no other. */
  readonly revision: number;
  readonly moved: number;
  readonly kept: number;
  readonly sentence: string;
  /** Who would move: the first of them, by name where it is one of the simulated shoppers. */
  readonly moves: readonly {
    readonly who: string;
    readonly from: string;
    readonly to: string;
    readonly cause: string;
  }[];
}

interface Document {
  readonly pools: Readonly<
    Record<string, { readonly pods: readonly { readonly id: string; readonly url: string }[] }>
  >;
}

/** Moves that the page lists. */
const SHOWN = 60;

/** The config after a change: nothing but the shop's pods is another. */
export function changed(config: object, change: Change): object {
  const { pools } = config as Document;
  const pool = pools[POOL] ?? { pods: [] };
  const pods =
    "add" in change
      ? [...pool.pods.filter(({ id }) => id !== change.add), { id: change.add, url: change.url }]
      : pool.pods.filter(({ id }) => id !== change.remove);
  return { ...config, pools: { ...pools, [POOL]: { ...pool, pods } } };
}

/** @param names of simulated shoppers by the sids of their sessions */
export function planView(change: Change, plan: Plan, names: ReadonlyMap<string, string>): PlanView {
  const { moved, kept } = plan.summary;
  const what = "add" in change ? { add: change.add } : { remove: change.remove };
  const who = (sid: string) => names.get(sid) ?? `Somebody (${sid.slice(0, 8)})`;
  const moves = plan.moves.map(({ sid, from, to, cause }) => ({ who: who(sid), from, to, cause }));
  return {
    ...what,
    revision: plan.revision,
    moved,
    kept,
    sentence: sentence("add" in change ? `With ${change.add}` : `Without ${change.remove}`, moved, kept),
    moves: moves.slice(0, SHOWN),
  };
}

function sentence(change: string, moved: number, kept: number): string {
  const stay = `${count(kept, "session")} would stay`;
  if (moved === 0) return `${change} nobody would move: ${stay}. Nothing was changed.`;
  return `${change} ${count(moved, "session")} would move, and ${stay}. Nothing was changed.`;
}
