import { fmix, murmur3 } from "./hash";
import {
  bitsOf,
  KEY,
  ladderOf,
  laneA,
  laneB,
  laneBackB,
  laneBackC,
  laneC,
  laneGate,
  laneInflight,
  laneInverse,
  laneSecond,
  laneThreshold,
  laneWeight,
} from "./layout";

// A pod orders the slots by a permutation of its own: rank(s) = how many slots it would rather have.

/**
 * Seats pod `index`, whose id lies in the key buffer, in the lanes of a table.
 * Ids are seated in the order of their UTF-8 bytes; the weight is ≥ 1.
 */
export function seat(table: usize, index: u32, length: u32, weight: u32): void {
  const at = <usize>index << 2;
  const slots: u32 = 1 << bitsOf(table);
  const first = murmur3(KEY, length, 0);
  const second = murmur3(KEY, length, 0x9747b28c);
  const b = fmix(first + 0x9e3779b9) | 1;
  const c = fmix(second + 0x7f4a7c15) | 1;
  store<u32>(laneA(table) + at, first & (slots - 1));
  store<u32>(laneB(table) + at, b);
  store<u32>(laneC(table) + at, c);
  store<u32>(laneGate(table) + at, slots);
  store<u32>(laneSecond(table) + at, second);
  store<u32>(laneBackB(table) + at, inverse(b));
  store<u32>(laneBackC(table) + at, inverse(c));
  store<u32>(laneThreshold(table) + at, u32.MAX_VALUE);
  store<u32>(laneInflight(table) + at, 0);
  setWeight(table, index, weight);
}

export function setWeight(table: usize, index: u32, weight: u32): void {
  const at = <usize>index << 2;
  store<f32>(laneInverse(table) + at, <f32>(1.0 / <f64>weight));
  store<u32>(laneWeight(table) + at, weight);
}

/** An empty seat: it must lose every comparison, so its gate is 0; the other lanes only have to be numbers. */
export function leaveEmpty(table: usize, index: u32): void {
  const at = <usize>index << 2;
  store<u32>(laneA(table) + at, 0);
  store<u32>(laneB(table) + at, 1);
  store<u32>(laneC(table) + at, 1);
  store<u32>(laneGate(table) + at, 0);
  store<f32>(laneInverse(table) + at, 1);
  store<u32>(laneSecond(table) + at, 0);
  store<u32>(laneWeight(table) + at, 0);
}

/** The rank of a slot in a pod's order: x = s^a, ×b, xor of the upper half, ×c, all modulo 2^bits. */
export function rank(table: usize, index: u32, slot: u32): u32 {
  const at = <usize>index << 2;
  const bits = bitsOf(table);
  const mask = (1 << bits) - 1;
  let x = slot ^ load<u32>(laneA(table) + at);
  x = (x * load<u32>(laneB(table) + at)) & mask;
  x ^= x >>> ((bits + 1) >> 1);
  return (x * load<u32>(laneC(table) + at)) & mask;
}

/** The inverse of an odd number modulo 2^32: Newton, from 3 right bits to 48. */
function inverse(odd: u32): u32 {
  let y = odd;
  for (let i = 0; i < 4; i++) y *= 2 - odd * y;
  return y;
}

/** The slot at a rank: {@link rank} undone, step by step. */
export function slotAt(table: usize, index: u32, place: u32): u32 {
  const at = <usize>index << 2;
  const bits = bitsOf(table);
  const mask = (1 << bits) - 1;
  let x = (place * load<u32>(laneBackC(table) + at)) & mask;
  x ^= x >>> ((bits + 1) >> 1);
  x = (x * load<u32>(laneBackB(table) + at)) & mask;
  return x ^ load<u32>(laneA(table) + at);
}

/** When the pod's clock for a slot rings: L[rank] / weight, each step rounded to f32. */
export function timeOf(table: usize, index: u32, slot: u32): f32 {
  const step = load<f32>(ladderOf(table) + (<usize>rank(table, index, slot) << 2));
  return step * load<f32>(laneInverse(table) + (<usize>index << 2));
}

/** Orders pods at a slot where their times are equal, unsigned. */
// @ts-ignore: decorator
@inline export function tie(table: usize, index: u32, slot: u32): u32 {
  return load<u32>(laneSecond(table) + (<usize>index << 2)) ^ (slot * 0x9e3779b1);
}
