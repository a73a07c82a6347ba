import { bitsOf, laneGate, memoOf, NOBODY } from "./layout";
import { best } from "./scan";
import { slotOf } from "./table";

// What changes by the minute lies over the table, which stays as it is.

/** Drops what was remembered: the pods that are out are others now. */
export function forget(table: usize): void {
  memory.fill(memoOf(table), 0xff, <usize>2 << bitsOf(table));
}

/** Whether a pod is out. Call {@link forget} once after the last of a round. */
export function setOut(table: usize, index: u32, out: u32): void {
  store<u32>(laneGate(table) + (<usize>index << 2), out != 0 ? 0 : 1 << bitsOf(table));
}

/**
 * The stand-in for a slot whose owner is out: its next preference among the pods that are not, without quota. A rehash
 * would move the same keys a second time when the table is built again without the pod. NOBODY when all are out.
 */
export function standIn(table: usize, hash: u32): u32 {
  const slot = slotOf(table, hash);
  const memo = memoOf(table) + (<usize>slot << 1);
  const known: u32 = load<u16>(memo);
  if (known != NOBODY) return known;
  const found = best(table, slot);
  store<u16>(memo, <u16>found);
  return found;
}
