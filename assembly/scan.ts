import {
  bitsOf,
  ladderOf,
  laneA,
  laneB,
  laneC,
  laneGate,
  laneInverse,
  NOBODY,
  podsOf,
} from "./layout";
import { tie } from "./pod";

/**
 * The best pod for a slot by (time, tie, index) among those whose gate is above their rank of it; NOBODY when none is.
 *
 * Four pods at a time: L[r] ≥ (r+1)/M, as each of its terms is ≥ 1/M, so (r+1)/w > M·best rules a pod out with no look
 * at the ladder. Few pass. The bound and the limit are rounded a few times at 2^-24; 2^-20 on top keeps it safe.
 */
export function best(table: usize, slot: u32): u32 {
  const bits = bitsOf(table);
  const ladder = ladderOf(table);
  const half = (bits + 1) >> 1;
  const mask = i32x4.splat((1 << bits) - 1);
  const one = i32x4.splat(1);
  const s = i32x4.splat(slot);
  const margin = <f32>(1 << bits) * (<f32>1 + <f32>1 / <f32>(1 << 20));
  const end = <usize>podsOf(table) << 2;
  const a = laneA(table);
  const b = laneB(table);
  const c = laneC(table);
  const gate = laneGate(table);
  const inverse = laneInverse(table);

  let found = NOBODY;
  let time = f32.MAX_VALUE;
  let ties: u32 = 0;
  let limit = f32x4.splat(time);
  for (let at: usize = 0; at < end; at += 16) {
    let x = v128.xor(s, v128.load(a + at));
    x = v128.and(i32x4.mul(x, v128.load(b + at)), mask);
    x = v128.xor(x, i32x4.shr_u(x, half));
    x = v128.and(i32x4.mul(x, v128.load(c + at)), mask);
    const weights = v128.load(inverse + at);
    const bound = f32x4.mul(f32x4.convert_i32x4_s(i32x4.add(x, one)), weights);
    let pass = i32x4.bitmask(v128.and(i32x4.lt_s(x, v128.load(gate + at)), f32x4.le(bound, limit)));
    if (pass == 0) continue;
    let r0 = i32x4.extract_lane(x, 0);
    for (let lane: u32 = 0; pass != 0; lane++, pass >>= 1) {
      if (lane == 1) r0 = i32x4.extract_lane(x, 1);
      else if (lane == 2) r0 = i32x4.extract_lane(x, 2);
      else if (lane == 3) r0 = i32x4.extract_lane(x, 3);
      if ((pass & 1) == 0) continue;
      const t = load<f32>(ladder + (<usize>r0 << 2)) * load<f32>(inverse + at + (<usize>lane << 2));
      if (t > time) continue;
      const i = <u32>(at >> 2) + lane;
      const own = tie(table, i, slot);
      // On an equal tie the lower index stays: pods come in ascending order.
      if (t < time || own < ties) {
        time = t;
        ties = own;
        found = i;
      }
    }
    limit = f32x4.splat(time * margin);
  }
  return found;
}
