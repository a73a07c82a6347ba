import { aligned, HASH, NOBODY } from "./layout";
import { HEAD, HEAD_OUTS, walk } from "./ring";
import { xx64 } from "./xxhash";

// Envoy's Maglev table (Eisenbud et al., 2016, section 3.4, with weights): round after round each pod claims the first free
// slot of offset, offset + skip, … modulo the slots; in round t a pod of weight w is passed by while t·w is below its
// target, which grows by the largest weight with each slot that it claims. All of it is f64, as the rounding decides.
//
// A head, owners (u16 a slot), lanes of the pods: whether it is out, the slot that it tries next, its skip (u32 each), its
// weight, its target (f64 each), the heap of who claims when (u64: round ‖ pod).
const HEAD_SLOTS: usize = 0;
const HEAD_PODS: usize = HEAD_SLOTS + 4;
const HEAD_QUEUED: usize = HEAD_PODS + 4;

// @ts-ignore: decorator
@inline function ownersBytes(slots: u32): usize {
  return (<usize>slots * 2 + 7) & ~7;
}
// @ts-ignore: decorator
@inline function laneBytes(pods: u32): usize {
  return (<usize>pods * 4 + 7) & ~7;
}

/** Bytes of a table. */
export function maglevBytes(slots: u32, pods: u32): usize {
  return aligned(HEAD + ownersBytes(slots) + laneBytes(pods) * 3 + <usize>pods * 24);
}

// @ts-ignore: decorator
@inline function slotsOf(table: usize): u32 {
  return load<u32>(table, HEAD_SLOTS);
}
// @ts-ignore: decorator
@inline function laneOf(table: usize, lane: u32): usize {
  return <usize>load<u32>(table, HEAD_OUTS) + laneBytes(load<u32>(table, HEAD_PODS)) * <usize>lane;
}
// @ts-ignore: decorator
@inline function wideOf(table: usize, lane: u32): usize {
  return laneOf(table, 3) + <usize>load<u32>(table, HEAD_PODS) * 8 * <usize>lane;
}

/** Makes a table of a prime number of slots; then each pod of any weight is to be seated. */
export function openMaglev(table: usize, slots: u32, pods: u32): void {
  memory.fill(table, 0, maglevBytes(slots, pods));
  memory.fill(table + HEAD, 0xff, <usize>slots * 2);
  store<u32>(table, slots, HEAD_SLOTS);
  store<u32>(table, pods, HEAD_PODS);
  store<u32>(table, <u32>(table + HEAD + ownersBytes(slots)), HEAD_OUTS);
}

/** Seats a pod, whose id lies in the key buffer. Those of equal rounds claim in the order in which they were seated. */
export function seatMaglev(table: usize, index: u32, length: u32, weight: f64): void {
  const slots = <u64>slotsOf(table);
  store<u32>(laneOf(table, 1) + (<usize>index << 2), <u32>(xx64(length, 0) % slots));
  store<u32>(laneOf(table, 2) + (<usize>index << 2), <u32>(xx64(length, 1) % (slots - 1) + 1));
  store<f64>(wideOf(table, 0) + (<usize>index << 3), weight);
  // All claim in the first round, and so in order they are a heap.
  const queued = load<u32>(table, HEAD_QUEUED);
  store<u64>(wideOf(table, 2) + (<usize>queued << 3), ((<u64>1) << 32) | <u64>index);
  store<u32>(table, queued + 1, HEAD_QUEUED);
}

/** Puts an entry into the heap in the place of the first. */
function replaceFirst(heap: usize, size: u32, entry: u64): void {
  let at: u32 = 0;
  for (let below: u32 = 1; below < size; below = 2 * at + 1) {
    let least = load<u64>(heap + (<usize>below << 3));
    if (below + 1 < size) {
      const other = load<u64>(heap + (<usize>below << 3), 8);
      if (other < least) {
        least = other;
        below++;
      }
    }
    if (entry <= least) break;
    store<u64>(heap + (<usize>at << 3), least);
    at = below;
  }
  store<u64>(heap + (<usize>at << 3), entry);
}

/** The first round after `round` in which a pod is not passed by. */
function nextRound(round: u32, weight: f64, target: f64): u32 {
  let next = max<u32>(round + 1, <u32>Math.ceil(target / weight));
  // The quotient was rounded; the product, which is rounded too, is what counts.
  while (<f64>next * weight < target) next++;
  while (next > round + 1 && !(<f64>(next - 1) * weight < target)) next--;
  return next;
}

/** Fills the table. At least one pod is seated. @param most the largest weight */
export function buildMaglev(table: usize, most: f64): void {
  const slots = slotsOf(table);
  const owners = table + HEAD;
  const heap = wideOf(table, 2);
  const queued = load<u32>(table, HEAD_QUEUED);
  for (let left = slots; left > 0; left--) {
    const first = load<u64>(heap);
    const pod = <usize>(<u32>first);
    const next = laneOf(table, 1) + (pod << 2);
    const skip = load<u32>(laneOf(table, 2) + (pod << 2));
    let slot = load<u32>(next);
    while (load<u16>(owners + (<usize>slot << 1)) != <u16>NOBODY) {
      slot += skip;
      if (slot >= slots) slot -= slots;
    }
    store<u16>(owners + (<usize>slot << 1), <u16>pod);
    store<u32>(next, slot);
    const at = wideOf(table, 1) + (pod << 3);
    const target = load<f64>(at) + most;
    store<f64>(at, target);
    const round = nextRound(<u32>(first >> 32), load<f64>(wideOf(table, 0) + (pod << 3)), target);
    replaceFirst(heap, queued, (<u64>round << 32) | <u64>pod);
  }
}

/**
 * The pod of the slot of the key that was hashed last, or of the first slot behind it whose pod is not out, in steps of the
 * key's own; NOBODY when all are. Steps of 1 would not do: pods whose skip is small own whole runs of slots.
 */
export function onMaglev(table: usize): u32 {
  const slots = slotsOf(table);
  const hash = load<u64>(HASH);
  const step = <u32>(hash >> 32) % (slots - 1) + 1;
  return walk(table + HEAD, slots, <u32>(hash % <u64>slots), step, load<u32>(table, HEAD_OUTS));
}
