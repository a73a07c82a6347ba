import {
  bitsOf,
  firstOf,
  laneOf,
  LANES,
  laneWeight,
  podsOf,
  setPods,
  timesOf,
} from "./layout";
import { openGates } from "./overlay";
import { leaveEmpty, seat, setWeight } from "./pod";
import { cover, walk } from "./race";

// Changes of one pod in a race that was kept. Each leaves the race as a run over the pods of after would; when all are
// made, settle the table. Pods that are out race like all others: out is what lies over the table. Only what the pod had or gets is looked at, but for one pass over the owners.

/** Adds `by` to all owners from `from` on; those that are `freed` own nothing any more (−1: none is). */
function renumber(table: usize, race: usize, from: u32, by: i16, freed: i32): void {
  const first = firstOf(race, bitsOf(table));
  const end = first + (<usize>2 << bitsOf(table));
  const least = i16x8.splat(<i16>from);
  const step = i16x8.splat(by);
  const gone = i16x8.splat(<i16>freed);
  const some = i16x8.splat(freed < 0 ? 0 : -1);
  for (let at = first; at < end; at += 16) {
    const owners = v128.load(at);
    const moved = i16x8.add(owners, v128.and(i16x8.ge_u(owners, least), step));
    v128.store(at, v128.or(moved, v128.and(i16x8.eq(owners, gone), some)));
  }
}

/** The latest time at which a slot was taken: nobody who comes later gets anything. */
function latest(table: usize, race: usize): f32 {
  const times = timesOf(race);
  const end = times + (<usize>4 << bitsOf(table));
  let most = f32x4.splat(0);
  for (let at = times; at < end; at += 16) most = f32x4.pmax(most, v128.load(at));
  return max(
    max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
}

/** Takes pod `index` out; the pods behind it move up by one. There is another one. */
export function unseat(table: usize, race: usize, index: u32): void {
  const last = podsOf(table) - 1;
  const at = <usize>index << 2;
  for (let lane: u32 = 0; lane < LANES; lane++) {
    memory.copy(laneOf(table, lane) + at, laneOf(table, lane) + at + 4, <usize>(last - index) << 2);
  }
  leaveEmpty(table, last);
  setPods(table, last);
  renumber(table, race, index + 1, -1, index);
  openGates(table);
  cover(table, race);
}

/** Seats a pod, whose id lies in the key buffer, at `index`; the pods from there on move down by one. There is room. */
export function insert(table: usize, race: usize, index: u32, length: u32, weight: u32): void {
  const pods = podsOf(table);
  const at = <usize>index << 2;
  for (let lane: u32 = 0; lane < LANES; lane++) {
    memory.copy(laneOf(table, lane) + at + 4, laneOf(table, lane) + at, <usize>(pods - index) << 2);
  }
  setPods(table, pods + 1);
  seat(table, index, length, weight);
  renumber(table, race, index, 1, -1);
  walk(table, race, index, 0, latest(table, race));
}

/** Gives pod `index` another weight: heavier, it is earlier everywhere; lighter, what it had is raced for once more. */
export function reweigh(table: usize, race: usize, index: u32, weight: u32): void {
  const lighter = weight < load<u32>(laneWeight(table) + (<usize>index << 2));
  setWeight(table, index, weight);
  if (lighter) {
    renumber(table, race, 0, 0, index);
    openGates(table);
    cover(table, race);
  } else {
    walk(table, race, index, 0, latest(table, race));
  }
}
