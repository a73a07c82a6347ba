import { type Draft, fnv1a } from "../draft.ts";
import type { Destination, Pools } from "./pools.ts";
import type { Led } from "./settle.ts";

/** One side of a route. */
export interface Side {
  readonly pool: Led;
  readonly weight: number;
  readonly to: Destination;
}

/** The sides of a route, each pool once. */
export type Sides = readonly Side[];

/** Finds the pools of destinations; what leads to one pool twice is one side. */
export function sidesOf(
  destinations: readonly { readonly to: Destination; readonly weight: number }[],
  pools: Pools,
): Sides {
  const sides = new Map<string, Side>();
  for (const { to, weight } of destinations) {
    const pool = pools.lead(to);
    const known = sides.get(pool.name);
    sides.set(pool.name, { to, pool, weight: weight + (known?.weight ?? 0) });
  }
  const all = [...sides.values()];
  const drawn = all.filter(({ weight }) => weight > 0);
  const empty = drawn.filter(({ pool }) => (pool.native.pods as readonly unknown[]).length === 0);
  // Where all are empty nobody takes anything.
  if (empty.length < drawn.length)
    for (const { to } of empty)
      to.field.tell("changed", "while it has no pods the other sides take its share, which is 503 in Istio");
  return all;
}

const nameOf = (sides: Sides): string => sides.map(({ pool }) => pool.name).join(" ");

/**
 * Routes with one first pool share their sessions, and a session stays at a pod of any side that one of them has. So routes
 * with that pool and other sides get it once more, under another name: else who came by the one would be kept by the other at
 * a pod that it does not lead to. The route with the most sides keeps the plain name, the last of several: to send testers
 * somewhere by a new match must not end everybody's session.
 */
export function setApart(all: readonly Sides[], pools: Pools): ReadonlyMap<Sides, Sides> {
  const groups = new Map<string, Map<string, Sides[]>>();
  for (const sides of all) {
    const first = sides[0]!.pool.name;
    const group = groups.get(first) ?? new Map<string, Sides[]>();
    groups.set(first, group.set(nameOf(sides), [...(group.get(nameOf(sides)) ?? []), sides]));
  }
  const found = new Map<Sides, Sides>();
  for (const group of groups.values()) {
    const most = Math.max(...[...group.values()].map(([sides]) => sides!.length));
    const plain = [...group.keys()].findLast((name) => group.get(name)![0]!.length === most);
    for (const [name, members] of group) {
      for (const sides of members) {
        const [first, ...others] = sides;
        const apart =
          name === plain ? sides : [{ ...first!, pool: pools.lead(first!.to, suffixOf(sides)) }, ...others];
        found.set(sides, apart);
      }
    }
  }
  return found;
}

/** The same wherever the route stands. */
function suffixOf(sides: Sides): string {
  return sides.length === 1 ? "alone" : fnv1a(nameOf(sides));
}

const ANEW =
  "Istio draws the side of a split anew for every request, also with consistentHash (istio#9764, istio#1703)";

/**
 * A split sticks: a session keeps its side. Where no key carries sessions, a cookie does. Sides that begin no scope of their
 * own say the same as the first.
 */
export function stick(draft: Draft, all: readonly Sides[]): void {
  const firsts = new Set(all.map(([first]) => first!.pool.name));
  for (const [first, ...others] of all) {
    if (others.length === 0) continue;
    const { native, name } = first!.pool;
    const { object, list } = first!.to;
    const keyed = Array.isArray(native.affinity);
    if (!keyed) {
      native.affinity = "cookie";
      draft.origins.set(`pools.${name}.affinity`, object.label);
    }
    const how = keyed
      ? "a session keeps its side"
      : "here a cookie carries a session, which keeps its side and its pod";
    list.tell("changed", `${ANEW}: ${how}`);
    for (const { pool } of others)
      if (!firsts.has(pool.name)) pool.native.affinity = structuredClone(native.affinity);
  }
}
