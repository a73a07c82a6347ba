import { aligned } from "./layout";

// The least loaded pod of all, exact to the 24 bits of an f32: a load is (in flight + others) / size, computed in f64 and
// rounded once more, so that the load found is at most 1 + 2^-22 times the least. A tree of blocks of 32: an
// entry holds the least load below it (f32: a block is two cache lines, compared in eight steps), and the weight of the
// pods that have it (u64), so that of equals one is drawn by weight. One change costs a few entries, a pick a few blocks;
// where nobody tells the changes, refresh() computes everything anew, two loads a vector step.
//
// A tree: a head; requests in flight (u32 a pod), measures (size and others, f64 each, a pod); then for each level loads
// and weights, from the pods up to one entry. Lanes are padded to whole blocks: padding weighs 0 and has the load of
// nobody, ∞.
const HEAD_PODS: usize = 0;
const HEAD_DEPTH: usize = HEAD_PODS + 4;
/** For each level the addresses of its loads and its weights, u32 each. Five levels hold 65,536 pods and more. */
const HEAD_LEVELS: usize = HEAD_DEPTH + 4;
/** The weight that all pods have, u32; 0 when they differ. Then no weight of a pod is looked at: half of the cache lines. */
const HEAD_EQUAL: usize = HEAD_LEVELS + 5 * 8;
/** The size that all pods have where nobody else uses any, f64; 0 when they differ. Then no measure is looked at. */
const HEAD_SIZE: usize = HEAD_EQUAL + 8;
const HEAD: usize = HEAD_SIZE + 8;
/** From this weight on that of a block does not fit into 32 bits. */
const HEAVY: u64 = 1 << 27;

function padded(entries: u32): u32 {
  return (entries + 31) & ~31;
}

// @ts-ignore: decorator
@inline function line(at: usize): usize {
  return (at + 63) & ~63;
}

/** Bytes of a tree over 1 to 65,536 pods. */
export function treeBytes(pods: u32): usize {
  let bytes: usize = HEAD + 128 + <usize>padded(pods) * 32;
  let entries = pods;
  while (entries > 1) {
    entries = padded(entries) >> 5;
    bytes += <usize>padded(entries) * 12;
  }
  return aligned(bytes);
}

/** Where the requests in flight lie, u32 a pod. */
export function countsOf(tree: usize): usize {
  return tree + HEAD;
}

/** Where the sizes and others lie, in turn, so that what a change needs is in one cache line. */
// @ts-ignore: decorator
@inline function measures(tree: usize): usize {
  return line(tree + HEAD + (<usize>padded(load<u32>(tree, HEAD_PODS)) << 2));
}

// @ts-ignore: decorator
@inline function loadsAt(tree: usize, level: u32): usize {
  return load<u32>(tree + (<usize>level << 3), HEAD_LEVELS);
}

// @ts-ignore: decorator
@inline function weightsAt(tree: usize, level: u32): usize {
  return load<u32>(tree + (<usize>level << 3), HEAD_LEVELS + 4);
}

/** Makes a tree of pods that are all out. */
export function openTree(tree: usize, pods: u32): void {
  memory.fill(tree, 0, treeBytes(pods));
  store<u32>(tree, pods, HEAD_PODS);
  const own = measures(tree);
  for (let i: u32 = 0; i < padded(pods); i++) store<f64>(own + (<usize>i << 4), 1);
  let at = own + (<usize>padded(pods) << 4);
  let depth: u32 = 0;
  for (let entries = pods; ; entries = padded(entries) >> 5) {
    const all = <usize>padded(entries);
    store<u32>(tree + (<usize>depth << 3), <u32>at, HEAD_LEVELS);
    store<u32>(tree + (<usize>depth << 3), <u32>(at + (all << 2)), HEAD_LEVELS + 4);
    for (let i: usize = 0; i < all; i++) store<f32>(at + (i << 2), f32.POSITIVE_INFINITY);
    at += all * 12;
    if (entries == 1) break;
    depth++;
  }
  store<u32>(tree, depth, HEAD_DEPTH);
}

/**
 * What a pod weighs when one of equals is drawn, 0 when it is out; and what its load is measured by: its size, above 0,
 * and the requests that others have in flight there. Call {@link refresh} after the last.
 */
export function weigh(tree: usize, index: u32, weight: u32, size: f64, others: f64): void {
  const own = measures(tree) + (<usize>index << 4);
  store<f64>(own, size);
  store<f64>(own, others, 8);
  store<u64>(weightsAt(tree, 0) + (<usize>index << 3), weight);
}

/** The weight of all that weigh anything, where it is the same and small enough; else 0. */
function equalWeight(weights: usize, entries: u32): u32 {
  let equal: u64 = 0;
  for (const end = weights + (<usize>entries << 3); weights < end; weights += 8) {
    const weight = load<u64>(weights);
    if (weight == 0 || weight == equal) continue;
    if (equal != 0 || weight >= HEAVY) return 0;
    equal = weight;
  }
  return <u32>equal;
}

/** Which of 16 entries have a load, a bit each. */
// @ts-ignore: decorator
@inline function sixteen(loads: usize, load: v128): u32 {
  const low = i16x8.narrow_i32x4_s(f32x4.eq(v128.load(loads), load), f32x4.eq(v128.load(loads, 16), load));
  const high = i16x8.narrow_i32x4_s(f32x4.eq(v128.load(loads, 32), load), f32x4.eq(v128.load(loads, 48), load));
  return <u32>i8x16.bitmask(i8x16.narrow_i16x8_s(low, high));
}

/** Which of the 32 entries of a block have a load, a bit each. */
// @ts-ignore: decorator
@inline function having(loads: usize, load: v128): u32 {
  return sixteen(loads, load) | (sixteen(loads + 64, load) << 16);
}

/** The least of 16 entries, in one of four lanes. */
// @ts-ignore: decorator
@inline function leastOf(loads: usize): v128 {
  return f32x4.pmin(
    f32x4.pmin(v128.load(loads), v128.load(loads, 16)),
    f32x4.pmin(v128.load(loads, 32), v128.load(loads, 48)),
  );
}

/** The weight of those of 16 entries that have a load, in two parts. */
// @ts-ignore: decorator
@inline function weightsOf(loads: usize, weights: usize, least: v128): v128 {
  return i64x2.add(
    i64x2.add(weightOf(loads, weights, least), weightOf(loads + 16, weights + 32, least)),
    i64x2.add(weightOf(loads + 32, weights + 64, least), weightOf(loads + 48, weights + 96, least)),
  );
}

/** The weight of those of four entries that have a load, in two parts. */
// @ts-ignore: decorator
@inline function weightOf(loads: usize, weights: usize, least: v128): v128 {
  const equal = f32x4.eq(v128.load(loads), least);
  return i64x2.add(
    v128.and(i64x2.extend_low_i32x4_s(equal), v128.load(weights)),
    v128.and(i64x2.extend_high_i32x4_s(equal), v128.load(weights, 16)),
  );
}

/** The weight of those of a block's entries that have a load. */
function weightOfAll(tree: usize, level: u32, block: u32, least: v128): u64 {
  const loads = loadsAt(tree, level) + (<usize>block << 7);
  const equal = load<u32>(tree, HEAD_EQUAL);
  if (level == 0 && equal != 0) {
    const nobody = f32x4.extract_lane(least, 0) == f32.POSITIVE_INFINITY;
    return nobody ? 0 : <u64>equal * <u64>popcnt(having(loads, least));
  }
  const weights = weightsAt(tree, level) + (<usize>block << 8);
  const sum = i64x2.add(weightsOf(loads, weights, least), weightsOf(loads + 64, weights + 128, least));
  return i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
}

/** The entry of a level above a block: its least load, and the weight of those that have it. */
function sumUp(tree: usize, level: u32, block: u32): void {
  const loads = loadsAt(tree, level) + (<usize>block << 7);
  let least = f32x4.pmin(leastOf(loads), leastOf(loads + 64));
  least = f32x4.pmin(least, v128.shuffle<u32>(least, least, 2, 3, 0, 1));
  least = f32x4.pmin(least, v128.shuffle<u32>(least, least, 1, 0, 3, 2));
  store<f32>(loadsAt(tree, level + 1) + (<usize>block << 2), f32x4.extract_lane(least, 0));
  store<u64>(weightsAt(tree, level + 1) + (<usize>block << 3), weightOfAll(tree, level, block, least));
}

/** The size of all that weigh anything, where it is the same and others have nothing in flight there; else 0. */
function equalSize(own: usize, weights: usize, entries: u32): f64 {
  let equal: f64 = 0;
  for (let i: usize = 0; i < <usize>entries; i++) {
    if (load<u64>(weights + (i << 3)) == 0) continue;
    const size = load<f64>(own + (i << 4));
    if ((equal != 0 && size != equal) || load<f64>(own + (i << 4), 8) != 0) return 0;
    equal = size;
  }
  return equal;
}

/** Computes all loads from the requests in flight and the measures. */
export function refresh(tree: usize): void {
  const counts = countsOf(tree);
  const own = measures(tree);
  const loads = loadsAt(tree, 0);
  const weights = weightsAt(tree, 0);
  let entries = padded(load<u32>(tree, HEAD_PODS));
  store<u32>(tree, equalWeight(weights, entries), HEAD_EQUAL);
  store<f64>(tree, equalSize(own, weights, entries), HEAD_SIZE);
  for (let i: usize = 0; i < <usize>entries; i += 2) {
    const count = f64x2.convert_low_i32x4_u(v128.load64_zero(counts + (i << 2)));
    const one = v128.load(own + (i << 4));
    const next = v128.load(own + (i << 4), 16);
    const sizes = v128.shuffle<f64>(one, next, 0, 2);
    const others = v128.shuffle<f64>(one, next, 1, 3);
    const some = f32x4.demote_f64x2_zero(f64x2.div(f64x2.add(count, others), sizes));
    const live = i64x2.ne(v128.load(weights + (i << 3)), i64x2.splat(0));
    const nobody = v128.andnot(f64x2.splat(f64.POSITIVE_INFINITY), live);
    v128.store64_lane(loads + (i << 2), f32x4.pmax(some, f32x4.demote_f64x2_zero(nobody)), 0);
  }
  const depth = load<u32>(tree, HEAD_DEPTH);
  for (let level: u32 = 0; level < depth; level++) {
    entries >>= 5;
    for (let block: u32 = 0; block < entries; block++) sumUp(tree, level, block);
    entries = padded(entries);
  }
}

/** A pod has another number of requests in flight; the count that {@link refresh} reads stays as it was. */
export function setCount(tree: usize, index: u32, inflight: u32): void {
  const leaf = loadsAt(tree, 0) + (<usize>index << 2);
  let oldLoad = load<f32>(leaf);
  if (oldLoad == f32.POSITIVE_INFINITY) return;
  let weight: u64 = load<u32>(tree, HEAD_EQUAL);
  if (weight == 0) weight = load<u64>(weightsAt(tree, 0) + (<usize>index << 3));
  let oldWeight = weight;
  let newLoad: f32;
  let size = load<f64>(tree, HEAD_SIZE);
  if (size == 1) newLoad = <f32>inflight;
  else {
    let all = <f64>inflight;
    if (size == 0) {
      const own = measures(tree) + (<usize>index << 4);
      size = load<f64>(own);
      all += load<f64>(own, 8);
    }
    // Nothing but a division makes equal fractions equal.
    newLoad = <f32>(all / size);
  }
  store<f32>(leaf, newLoad);
  const depth = load<u32>(tree, HEAD_DEPTH);
  for (let level: u32 = 1; level <= depth; level++) {
    index >>= 5;
    const loads = loadsAt(tree, level) + (<usize>index << 2);
    const weights = weightsAt(tree, level) + (<usize>index << 3);
    const least = load<f32>(loads);
    const sum = load<u64>(weights);
    let left = sum;
    if (oldLoad == least) left -= oldWeight;
    if (newLoad < least) {
      store<f32>(loads, newLoad);
      left = weight;
    } else if (newLoad == least) left += weight;
    if (left == 0) sumUp(tree, level - 1, index);
    else store<u64>(weights, left);
    oldLoad = least;
    oldWeight = sum;
    newLoad = load<f32>(loads);
    weight = load<u64>(weights);
    if (newLoad == oldLoad && weight == oldWeight) return;
  }
}

/** The pod with the least load; of equals one, drawn by weight with a word of 32 random bits. −1 when all are out. */
export function least(tree: usize, word: u32): i32 {
  let level = load<u32>(tree, HEAD_DEPTH);
  const total = load<u64>(weightsAt(tree, level));
  if (total == 0) return -1;
  const most = f32x4.splat(load<f32>(loadsAt(tree, level)));
  // Which unit of their weight was drawn; the sum of all weights is below 2^53.
  let left = <u64>((<f64>word / 4294967296.0) * <f64>total);
  const equal = load<u32>(tree, HEAD_EQUAL);
  let index: usize = 0;
  while (level-- > 0) {
    const weights = weightsAt(tree, level) + (index << 8);
    let bits = having(loadsAt(tree, level) + (index << 7), most);
    if (level == 0 && equal != 0) {
      for (let skip = <u32>left / equal; skip > 0; skip--) bits &= bits - 1;
    }
    // The last one needs no look at its weight.
    for (; (bits & (bits - 1)) != 0 && (level != 0 || equal == 0); bits &= bits - 1) {
      const weight = load<u64>(weights + (<usize>ctz(bits) << 3));
      if (left < weight) break;
      left -= weight;
    }
    index = (index << 5) + ctz(bits);
  }
  return <i32>index;
}
