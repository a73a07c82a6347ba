import { aligned } from "./layout";

// The least loaded pod of all, exact. A tree of blocks of 16: an entry holds the least load below it (f64), and the weight
// of the pods that have it (f64), so that of equals one is drawn by weight. One change costs a few entries, a pick a few
// blocks; where nobody tells the changes, refresh() computes everything anew, two loads a vector step.
//
// A tree: a head; requests in flight (u32 a pod), weights (f64 a pod); then for each level loads and weights, from the
// pods up to one entry. Lanes are padded to whole blocks: padding weighs 0 and has the load of nobody, ∞.
const HEAD_PODS: usize = 0;
const HEAD_DEPTH: usize = HEAD_PODS + 4;
/** For each level the addresses of its loads and its weights, u32 each. Five levels hold 65,536 pods. */
const HEAD_LEVELS: usize = HEAD_DEPTH + 4;
const HEAD: usize = HEAD_LEVELS + 5 * 8;

function padded(entries: u32): u32 {
  return (entries + 15) & ~15;
}

/** Bytes of a tree over 1 to 65,536 pods. */
export function treeBytes(pods: u32): usize {
  let bytes: usize = HEAD + <usize>padded(pods) * 28;
  let entries = pods;
  while (entries > 1) {
    entries = padded(entries) >> 4;
    bytes += <usize>padded(entries) << 4;
  }
  return aligned(bytes);
}

/** Where the requests in flight lie, u32 a pod. */
export function countsOf(tree: usize): usize {
  return tree + HEAD;
}

// @ts-ignore: decorator
@inline function ownWeights(tree: usize): usize {
  return tree + HEAD + (<usize>padded(load<u32>(tree, HEAD_PODS)) << 2);
}

// @ts-ignore: decorator
@inline function loadsAt(tree: usize, level: u32): usize {
  return load<u32>(tree + (<usize>level << 3), HEAD_LEVELS);
}

// @ts-ignore: decorator
@inline function weightsAt(tree: usize, level: u32): usize {
  return load<u32>(tree + (<usize>level << 3), HEAD_LEVELS + 4);
}

/** Makes a tree of pods of weight 1 that are all out. */
export function openTree(tree: usize, pods: u32): void {
  memory.fill(tree, 0, treeBytes(pods));
  store<u32>(tree, pods, HEAD_PODS);
  const own = ownWeights(tree);
  for (let i: u32 = 0; i < padded(pods); i++) store<f64>(own + (<usize>i << 3), 1);
  let at = own + (<usize>padded(pods) << 3);
  let depth: u32 = 0;
  for (let entries = pods; ; entries = padded(entries) >> 4) {
    const bytes = <usize>padded(entries) << 3;
    store<u32>(tree + (<usize>depth << 3), <u32>at, HEAD_LEVELS);
    store<u32>(tree + (<usize>depth << 3), <u32>(at + bytes), HEAD_LEVELS + 4);
    for (const end = at + bytes; at < end; at += 8) store<f64>(at, f64.POSITIVE_INFINITY);
    at += bytes;
    if (entries == 1) break;
    depth++;
  }
  store<u32>(tree, depth, HEAD_DEPTH);
}

/** The weight of a pod, and whether it is out; one that weighs nothing is. Call {@link refresh} after the last. */
export function weigh(tree: usize, index: u32, weight: u32, out: u32): void {
  const live = weight > 0 && out == 0;
  store<f64>(ownWeights(tree) + (<usize>index << 3), <f64>max<u32>(weight, 1));
  store<f64>(weightsAt(tree, 0) + (<usize>index << 3), live ? <f64>weight : 0);
}

/** The entry of a level above a block: its least load, and the weight of those that have it. */
function sumUp(tree: usize, level: u32, block: u32): void {
  const loads = loadsAt(tree, level) + (<usize>block << 7);
  const weights = weightsAt(tree, level) + (<usize>block << 7);
  let least = v128.load(loads);
  for (let at: usize = 16; at < 128; at += 16) least = f64x2.pmin(least, v128.load(loads + at));
  const most = min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1));
  least = f64x2.splat(most);
  let sum = f64x2.splat(0);
  for (let at: usize = 0; at < 128; at += 16) {
    sum = f64x2.add(sum, v128.and(f64x2.eq(v128.load(loads + at), least), v128.load(weights + at)));
  }
  const up = <usize>block << 3;
  store<f64>(loadsAt(tree, level + 1) + up, most);
  store<f64>(weightsAt(tree, level + 1) + up, f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1));
}

/** Computes all loads from the requests in flight. */
export function refresh(tree: usize): void {
  const counts = countsOf(tree);
  const own = ownWeights(tree);
  const loads = loadsAt(tree, 0);
  const weights = weightsAt(tree, 0);
  const zero = f64x2.splat(0);
  const nobody = f64x2.splat(f64.POSITIVE_INFINITY);
  let entries = padded(load<u32>(tree, HEAD_PODS));
  for (let i: usize = 0; i < <usize>entries; i += 2) {
    const at = i << 3;
    const count = f64x2.convert_low_i32x4_u(v128.load64_zero(counts + (i << 2)));
    const share = f64x2.div(count, v128.load(own + at));
    const live = f64x2.gt(v128.load(weights + at), zero);
    v128.store(loads + at, v128.bitselect(share, nobody, live));
  }
  const depth = load<u32>(tree, HEAD_DEPTH);
  for (let level: u32 = 0; level < depth; level++) {
    entries >>= 4;
    for (let block: u32 = 0; block < entries; block++) sumUp(tree, level, block);
    entries = padded(entries);
  }
}

/** A pod has another number of requests in flight. */
export function setCount(tree: usize, index: u32, inflight: u32): void {
  store<u32>(countsOf(tree) + (<usize>index << 2), inflight);
  let at = <usize>index << 3;
  let weight = load<f64>(weightsAt(tree, 0) + at);
  if (weight == 0) return;
  let oldLoad = load<f64>(loadsAt(tree, 0) + at);
  let oldWeight = weight;
  let newLoad = <f64>inflight / weight;
  store<f64>(loadsAt(tree, 0) + at, newLoad);
  const depth = load<u32>(tree, HEAD_DEPTH);
  for (let level: u32 = 1; level <= depth; level++) {
    index >>= 4;
    at = <usize>index << 3;
    const loads = loadsAt(tree, level) + at;
    const weights = weightsAt(tree, level) + at;
    const least = load<f64>(loads);
    const sum = load<f64>(weights);
    let left = sum;
    if (oldLoad == least) left -= oldWeight;
    if (newLoad < least) {
      store<f64>(loads, newLoad);
      left = weight;
    } else if (newLoad == least) left += weight;
    if (left == 0) sumUp(tree, level - 1, index);
    else store<f64>(weights, left);
    oldLoad = least;
    oldWeight = sum;
    newLoad = load<f64>(loads);
    weight = load<f64>(weights);
    if (newLoad == oldLoad && weight == oldWeight) return;
  }
}

/** The pod with the least load; of equals one, drawn by weight with a word of 32 random bits. −1 when all are out. */
export function least(tree: usize, word: u32): i32 {
  let level = load<u32>(tree, HEAD_DEPTH);
  const total = load<f64>(weightsAt(tree, level));
  if (total == 0) return -1;
  const most = load<f64>(loadsAt(tree, level));
  // Weights are whole numbers with a sum below 2^53, so this counts out the very unit of weight that was drawn.
  let left = Math.floor((<f64>word / 4294967296.0) * total);
  let index: usize = 0;
  while (level-- > 0) {
    index <<= 4;
    const loads = loadsAt(tree, level);
    const weights = weightsAt(tree, level);
    for (; ; index++) {
      if (load<f64>(loads + (index << 3)) != most) continue;
      const weight = load<f64>(weights + (index << 3));
      if (left < weight) break;
      left -= weight;
    }
  }
  return <i32>index;
}
