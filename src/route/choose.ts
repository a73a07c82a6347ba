import type { Sid } from "../model/binding.ts";
import type { Refusal } from "../model/refusal.ts";
import { nextVersion, type Standing, without } from "../policies/policy.ts";
import { placedBy } from "./asked.ts";
import type { PodRuntime, PoolRuntime } from "./pods.ts";
import { BUSY, EMPTY, NO_POD } from "./problem.ts";
import type { Trip } from "./trip.ts";
import type { RouteRuntime } from "./view.ts";
import { zoneOf } from "./zone.ts";

/**
 * The pools of a route in the order in which a new session tries them: the side that a rule names, else one by weight,
 * then the others. A session without a key draws its side; one with a key has it from its sid, so that a ramp moves keys
 * one way only: canaries take the lowest of the hash, and the primary what is left.
 */
export function sidesFor(trip: Trip, sid: Sid | undefined): readonly PoolRuntime[] {
  const { sides } = trip.route;
  if (trip.aside !== undefined) return [trip.aside];
  if (sides.length === 1) return [sides[0]!.pool];
  const first = overridden(trip) ?? (sid === undefined ? drawn(trip) : hashedSide(trip.route, sid));
  return sides.map((_, i) => sides[(first + i) % sides.length]!.pool);
}

function drawn(trip: Trip): number {
  const { sides, total } = trip.route;
  let draw = trip.edge.chance.word() % total;
  let side = 0;
  while (draw >= sides[side]!.weight) draw -= sides[side++]!.weight;
  return side;
}

/** A sid is an HMAC: its first 32 bits are the hash of the key. */
export function hashedSide({ sides, total }: Pick<RouteRuntime, "sides" | "total">, sid: Sid): number {
  let at = (Number.parseInt(sid.slice(0, 8), 16) / 2 ** 32) * total;
  for (let side = 1; side < sides.length; side++) {
    if (at < sides[side]!.weight) return side;
    at -= sides[side]!.weight;
  }
  return 0;
}

/** The side of the first rule that fits; undefined when none does. */
function overridden({ route: { overrides }, request }: Trip): number | undefined {
  if (overrides.length === 0) return undefined;
  return overrides.find((rule) => rule.fits(request.headers))?.rule.side;
}

/** The pool that a rule of a header names before a session that is there; undefined where none does. */
export function beating({ route, request }: Trip): PoolRuntime | undefined {
  if (!route.headerBeatsSession) return undefined;
  const first = route.overrides.find(({ rule, fits }) => rule.header !== undefined && fits(request.headers));
  return first === undefined ? undefined : route.sides[first.rule.side]!.pool;
}

/**
 * The pod for a new session by its pool's policy. When no pod admits, all that nobody told to stop may be tried once, as the
 * view may be wrong; when those that admit are at their cap, the others are not made to pay for it.
 *
 * @param key its sid, which places it in hashing policies where no value does; undefined: what the pool's `by` makes of the
 *   request, or chance
 * @param tried pods that could not be reached just now
 */
export function choosePod(
  trip: Trip,
  key: string | undefined,
  order: readonly PoolRuntime[],
  tried: readonly PodRuntime[],
): PodRuntime | Refusal {
  if (isVacant(order, tried)) return EMPTY;
  trip.edge.choosing?.(trip);
  let busy = false;
  for (const standing of [
    (pool: PoolRuntime) => pool.standing(trip.now),
    (pool: PoolRuntime) => pool.desperate(),
  ]) {
    for (const pool of order) {
      const all = standing(pool);
      const near = pool.pool.zones === "prefer";
      const now = near ? pool.near(all, zoneOf(trip), trip.edge.chance.word()) : all;
      const known = tried.reduce((left, pod) => lacking(pool, left, pod), now);
      const open = pool.pool.maxInFlight === undefined ? known : roomy(pool, known);
      const index = open.live > 0 ? pick(trip, pool, key, open) : -1;
      if (index >= 0) return pool.pods[index]!;
      busy ||= open.live < known.live;
    }
    if (busy) return BUSY;
  }
  return NO_POD;
}

/** Whether a request came to a side that keeps its share though it has no pods. Who has tried a pod had come to another. */
export function isVacant(order: readonly PoolRuntime[], tried: readonly PodRuntime[]): boolean {
  return tried.length === 0 && order[0]!.vacant;
}

function pick(trip: Trip, pool: PoolRuntime, key: string | undefined, open: Standing): number {
  const { chance, picking } = trip.edge;
  // Chance stands in for the key, or a hashing policy would send every unkeyed request to one pod.
  const text = key ?? chance.word().toString(36);
  const word = chance.word();
  const choose = () => {
    const by = key === undefined ? pool.by?.(trip) : pool.byValue ? placedBy(trip) : undefined;
    return pool.pick(text, word, open, trip.now, by);
  };
  return pool.addressed && picking !== undefined ? picking(choose) : choose();
}

/** Without the pods that are at their cap. */
function roomy(pool: PoolRuntime, standing: Standing): Standing {
  const out = standing.out.slice();
  let { live } = standing;
  for (const pod of pool.pods) {
    const { index, weight } = pod.pod;
    if (out[index] !== 0 || !pod.full) continue;
    out[index] = 1;
    if (weight > 0) live--;
  }
  return live === standing.live ? standing : { ...standing, out, live, version: nextVersion() };
}

/**
 * Without a pod, by its place in this pool: a config that came while the request waited has given the pod another pool and
 * another index, and the request goes on by its own view.
 */
function lacking(pool: PoolRuntime, standing: Standing, pod: PodRuntime | undefined): Standing {
  const at = pod === undefined ? -1 : pool.pods.indexOf(pod);
  return at < 0 ? standing : without(standing, pool.pool.pods, at);
}

/**
 * The pod of a sid by the pools' hash tables and the shared view alone, without load, suspicion or slow start: the same at
 * every edge.
 */
export function hashPod(
  sid: Sid,
  order: readonly PoolRuntime[],
  failed: PodRuntime | undefined,
): PodRuntime | undefined {
  for (const pool of order) {
    const { shared } = pool;
    const standing = lacking(pool, shared, failed);
    const index = pool.table().lookup(sid, standing);
    if (index >= 0) return pool.pods[index];
  }
  return undefined;
}

/**
 * The pod for a new session of the key that carries the request, by the shared view alone: by the value of the key in a pool
 * whose policy places by that, else by its sid. The same at every edge.
 */
export function keyPod(trip: Trip, sid: Sid, order: readonly PoolRuntime[]): PodRuntime | undefined {
  const { picking } = trip.edge;
  for (const pool of order) {
    if (!pool.byValue) {
      const found = hashPod(sid, [pool], undefined);
      if (found !== undefined) return found;
      continue;
    }
    const choose = () => pool.pick(sid, 0, pool.shared, trip.now, placedBy(trip));
    const index = picking === undefined ? choose() : picking(choose);
    if (index >= 0) return pool.pods[index];
  }
  return undefined;
}
