// For the bench alone, compiled beside the core and never shipped: the core's own hash and lookup in a loop without calls
// from outside, as a twin in C has it.
export * from "./index";
import { wyhash32 } from "./hash";
import { bitsOf, ownersOf } from "./layout";

/** Looks up `count` keys that are packed at `keys`, each after a byte with its length; the sum of their owners. */
export function lookups(table: usize, keys: usize, count: u32): u32 {
  const shift = 32 - bitsOf(table);
  const owners = ownersOf(table);
  let sum: u32 = 0;
  for (let left = count; left > 0; left--) {
    const length: u32 = load<u8>(keys);
    sum += load<u16>(owners + (<usize>(wyhash32(keys + 1, length) >>> shift) << 1));
    keys += 1 + length;
  }
  return sum;
}
