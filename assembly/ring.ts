import { aligned, NOBODY } from "./layout";

// A ring of points, each of which is a pod's: in order, so that a key goes to the first point that is not below its hash,
// past the last one to the first. T is what a point is: u32 for ketama, u64 for Envoy's ring.
//
// A head, points in order (T), where the points of each bucket begin (u32: a bucket is the hashes of equal upper bits, and
// holds two to four points, in the largest rings some more), owners of the points (u16), whether each pod is out (u32:
// anything but 0 is).
const HEAD_POINTS: usize = 0;
const HEAD_PODS: usize = HEAD_POINTS + 4;
const HEAD_BITS: usize = HEAD_PODS + 4;
/** Where it stands whether a pod is out: the same in the head of a Maglev table. */
export const HEAD_OUTS: usize = HEAD_BITS + 4;
export const HEAD: usize = 16;

/** Buckets of a ring, as a power of two: at least 2, at most 2^21, so that the largest ring of Envoy fits below the cap of the core. */
function bitsFor(points: u32): u32 {
  return min<u32>(21, 30 - clz<u32>(points | 4));
}

// Where each bucket begins, and two entries more, which the counting needs.
// @ts-ignore: decorator
@inline function bucketsBytes(bits: u32): usize {
  return (<usize>4 << bits) + 8;
}

// Owners, padded to where u32 may stand.
// @ts-ignore: decorator
@inline function ownersBytes(points: u32): usize {
  return (<usize>points * 2 + 3) & ~3;
}

/** Bytes of a ring up to its outs. */
// @ts-ignore: decorator
@inline function outsAt<T>(points: u32): usize {
  return HEAD + <usize>points * sizeof<T>() + bucketsBytes(bitsFor(points)) + ownersBytes(points);
}

/** Bytes of a ring with so many lanes of its pods (u32 each), the outs among them. */
// @ts-ignore: decorator
@inline export function bytesOf<T>(points: u32, pods: u32, lanes: u32): usize {
  return aligned(outsAt<T>(points) + <usize>pods * <usize>lanes * 4);
}

// @ts-ignore: decorator
@inline export function pointsOf(ring: usize): u32 {
  return load<u32>(ring, HEAD_POINTS);
}
// @ts-ignore: decorator
@inline export function podsOf(ring: usize): u32 {
  return load<u32>(ring, HEAD_PODS);
}
// @ts-ignore: decorator
@inline function bitsOf(ring: usize): u32 {
  return load<u32>(ring, HEAD_BITS);
}
// @ts-ignore: decorator
@inline function hashesOf(ring: usize): usize {
  return ring + HEAD;
}
// @ts-ignore: decorator
@inline function bucketsOf<T>(ring: usize): usize {
  return hashesOf(ring) + <usize>pointsOf(ring) * sizeof<T>();
}
// @ts-ignore: decorator
@inline function ownersOf<T>(ring: usize): usize {
  return bucketsOf<T>(ring) + bucketsBytes(bitsOf(ring));
}
/** Whether each pod is out, u32: anything but 0 is. Lanes that a ring has besides follow, `podsOf` long each. */
export function outsOf(ring: usize): usize {
  return load<u32>(ring, HEAD_OUTS);
}

/** Makes a ring of so many points in all, none of which is there yet. */
// @ts-ignore: decorator
@inline export function openPoints<T>(ring: usize, points: u32, pods: u32, lanes: u32): void {
  memory.fill(ring, 0, bytesOf<T>(points, pods, lanes));
  store<u32>(ring, points, HEAD_POINTS);
  store<u32>(ring, pods, HEAD_PODS);
  store<u32>(ring, bitsFor(points), HEAD_BITS);
  store<u32>(ring, <u32>(ring + outsAt<T>(points)), HEAD_OUTS);
}

/** Where the bucket of a hash begins. */
// @ts-ignore: decorator
@inline function bucketOf<T>(ring: usize, hash: T): usize {
  const shift = <u32>(sizeof<T>() << 3) - bitsOf(ring);
  return bucketsOf<T>(ring) + (<usize>(hash >> <T>shift) << 2);
}

/** Every point is counted into its bucket first. Its start is counted two places further on, so that putting moves it to its own. */
// @ts-ignore: decorator
@inline export function count<T>(ring: usize, point: T): void {
  const at = bucketOf<T>(ring, point);
  store<u32>(at, load<u32>(at, 8) + 1, 8);
}

/** Then the counts are added up. */
// @ts-ignore: decorator
@inline export function addUp<T>(ring: usize): void {
  const buckets = bucketsOf<T>(ring);
  const last = buckets + (<usize>4 << bitsOf(ring));
  for (let at = buckets + 4; at <= last; at += 4) store<u32>(at, load<u32>(at) + load<u32>(at, 4), 4);
}

/**
 * Then every point is put into its bucket, and sorted there. Of points that are equal the one that was put first comes
 * first; in nginx and Envoy the order of those is left to chance.
 */
// @ts-ignore: decorator
@inline export function put<T>(ring: usize, point: T, pod: u32): void {
  const hashes = hashesOf(ring);
  const owners = ownersOf<T>(ring);
  const at = bucketOf<T>(ring, point);
  let spot: usize = load<u32>(at, 4);
  store<u32>(at, <u32>spot + 1, 4);
  // Below are points of lower buckets, or none yet, which is 0, or those of the bucket that are there, in order.
  for (; spot > 0; spot--) {
    const before = load<T>(hashes + (spot - 1) * sizeof<T>());
    if (before <= point) break;
    store<T>(hashes + spot * sizeof<T>(), before);
    store<u16>(owners + (spot << 1), load<u16>(owners + ((spot - 1) << 1)));
  }
  store<T>(hashes + spot * sizeof<T>(), point);
  store<u16>(owners + (spot << 1), <u16>pod);
}

/** The pod of the first point that is not below a hash, and whose pod is not out; NOBODY when all are. */
// @ts-ignore: decorator
@inline export function seek<T>(ring: usize, hash: T): u32 {
  const points = pointsOf(ring);
  const hashes = hashesOf(ring);
  let at: u32 = load<u32>(bucketOf<T>(ring, hash));
  while (at < points && load<T>(hashes + <usize>at * sizeof<T>()) < hash) at++;
  return walk(ownersOf<T>(ring), points, at, 1, outsOf(ring));
}

/** The first of so many owners, from a place on step by step, round and round, that is not out; NOBODY when all are. */
// @ts-ignore: decorator
@inline export function walk(owners: usize, size: u32, from: u32, by: u32, outs: usize): u32 {
  let at = from;
  for (let left = size; left > 0; left--, at += by) {
    if (at >= size) at -= size;
    const owner: u32 = load<u16>(owners + (<usize>at << 1));
    if (load<u32>(outs + (<usize>owner << 2)) == 0) return owner;
  }
  return NOBODY;
}
