import {
  bitsOf,
  firstOf,
  ladderOf,
  laneA,
  laneBackB,
  laneBackC,
  laneInverse,
  lanes,
  laneWeight,
  NOBODY,
  podsOf,
  scratchCursor,
  timesOf,
} from "./layout";
import { tie, timeOf } from "./pod";
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
  return pods < 64 ? 4 : pods < 2048 ? 5 : pods < 8192 ? 6 : 7;
}

/**
 * Walks a pod's order from rank `from` on, as long as its times are at most `until`, and gives it every slot at which it
 * beats the owner so far.
 * @returns the rank at which it stopped
 */
export function walk(table: usize, race: usize, index: u32, from: u32, until: f32): u32 {
  const at = <usize>index << 2;
  const bits = bitsOf(table);
  const slots: u32 = 1 << bits;
  const mask = slots - 1;
  const half = (bits + 1) >> 1;
  const first = firstOf(race, bits);
  const times = timesOf(race);
  const ladder = ladderOf(table);
  const a = load<u32>(laneA(table) + at);
  const b = load<u32>(laneBackB(table) + at);
  const c = load<u32>(laneBackC(table) + at);
  const w = load<f32>(laneInverse(table) + at);
  let product = from * c;
  let r = from;
  for (; r < slots; r++, product += c) {
    const time = load<f32>(ladder + (<usize>r << 2)) * w;
    if (time > until) break;
    let x = product & mask;
    x ^= x >>> half;
    const s = ((x * b) & mask) ^ a;
    const stored = load<f32>(times + (<usize>s << 2));
    if (time > stored) continue;
    const owner = first + (<usize>s << 1);
    if (time == stored) {
      const ours = tie(table, index, s);
      const held: u32 = load<u16>(owner);
      const theirs = tie(table, held, s);
      if (ours > theirs || (ours == theirs && index >= held)) continue;
    }
    store<f32>(times + (<usize>s << 2), time);
    store<u16>(owner, <u16>index);
  }
  return r;
}

/** Gives every slot that has no owner to its best pod; all gates are open. */
export function cover(table: usize, race: usize): void {
  const bits = bitsOf(table);
  const first = firstOf(race, bits);
  const end = first + (<usize>2 << bits);
  const nobody = i16x8.splat(-1);
  for (let at = first; at < end; at += 16) {
    let free = i16x8.bitmask(i16x8.eq(v128.load(at), nobody));
    for (let owner = at; free != 0; owner += 2, free >>= 1) {
      if ((free & 1) == 0) continue;
      const slot = <u32>((owner - first) >> 1);
      const found = best(table, slot);
      store<u16>(owner, <u16>found);
      store<f32>(timesOf(race) + (<usize>slot << 2), timeOf(table, found, slot));
    }
  }
}

/**
 * Gives every slot to its best pod by (time, tie, index), with no quota. The pods walk in four slices of time, so that
 * nearly all slots are theirs for good after the first ones and the rest of the walk finds them taken: fewer stores, and
 * branches that can be foreseen.
 */
export function run(table: usize, race: usize, scratch: usize): void {
  const bits = bitsOf(table);
  const pods = podsOf(table);
  const cursor = scratchCursor(scratch, bits, pods);
  memory.fill(firstOf(race, bits), 0xff, <usize>2 << bits);
  // 0x7f7f7f7f is 3.4e38, beyond all times.
  memory.fill(timesOf(race), 0x7f, <usize>4 << bits);
  memory.fill(cursor, 0, <usize>lanes(pods) << 2);
  const horizon = reach(pods) / <f64>totalWeight(table);
  for (let slice = 1; slice <= 4; slice++) {
    const until = <f32>(horizon * <f64>slice / 4);
    for (let i: u32 = 0; i < pods; i++) {
      const next = cursor + (<usize>i << 2);
      store<u32>(next, walk(table, race, i, load<u32>(next), until));
    }
  }
  cover(table, race);
}
