import {
  bitsOf,
  ladderOf,
  laneA,
  laneB,
  laneC,
  laneInverse,
  laneWeight,
  NOBODY,
  podsOf,
  scratchFirst,
  scratchTimes,
} from "./layout";
import { inverse, tie } from "./pod";
import { best } from "./scan";

/** Σw, exact: below 2^48. */
export function totalWeight(table: usize): u64 {
  const weights = laneWeight(table);
  let total: u64 = 0;
  for (let i: u32 = 0; i < podsOf(table); i++) total += load<u32>(weights + (<usize>i << 2));
  return total;
}

/**
 * How far the pods list their slots, in units of 1/Σw: all but e^-G of the slots are reached, the others are scanned for
 * at N/4 vector steps each, so G grows with ln N. It sets the cost and never the result.
 */
function reach(pods: u32): f64 {
  return pods < 64 ? 4 : pods < 512 ? 5 : pods < 4096 ? 6 : 7;
}

/**
 * Gives every slot to its best pod by (time, tie, index), with no quota: into `first` and `times` of the scratch.
 * Each pod walks its own order up to the reach; slots that nobody reached are scanned for.
 */
export function race(table: usize, scratch: usize): void {
  const bits = bitsOf(table);
  const slots: u32 = 1 << bits;
  const first = scratchFirst(scratch, bits);
  const times = scratchTimes(scratch);
  const ladder = ladderOf(table);
  const mask = slots - 1;
  const half = (bits + 1) >> 1;
  memory.fill(first, 0xff, <usize>2 << bits);
  for (let s: u32 = 0; s < slots; s++) store<f32>(times + (<usize>s << 2), f32.MAX_VALUE);

  const horizon = <f32>(reach(podsOf(table)) / <f64>totalWeight(table));
  for (let i: u32 = 0; i < podsOf(table); i++) {
    const at = <usize>i << 2;
    const a = load<u32>(laneA(table) + at);
    const b = inverse(load<u32>(laneB(table) + at));
    const c = inverse(load<u32>(laneC(table) + at));
    const w = load<f32>(laneInverse(table) + at);
    let product: u32 = 0;
    for (let r: u32 = 0; r < slots; r++, product += c) {
      const time = load<f32>(ladder + (<usize>r << 2)) * w;
      if (time > horizon) break;
      let x = product & mask;
      x ^= x >>> half;
      const s = ((x * b) & mask) ^ a;
      const stored = load<f32>(times + (<usize>s << 2));
      if (time > stored) continue;
      const owner = first + (<usize>s << 1);
      if (time == stored && tie(table, i, s) >= tie(table, load<u16>(owner), s)) continue;
      store<f32>(times + (<usize>s << 2), time);
      store<u16>(owner, <u16>i);
    }
  }
  for (let s: u32 = 0; s < slots; s++) {
    const owner = first + (<usize>s << 1);
    if (load<u16>(owner) == NOBODY) store<u16>(owner, <u16>best(table, s));
  }
}
