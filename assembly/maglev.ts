import { aligned, HASH, NOBODY } from "./layout";
import { HEAD, HEAD_OUTS, walk } from "./ring";
import { xx64 } from "./xxhash";

// Envoy's Maglev table (Eisenbud et al., 2016, section 3.4, with weights): round after round each pod claims the first free
// slot of offset, offset + skip, … modulo the slots; in round t a pod of weight w is passed by while t·w is below its
// target, which grows by the largest weight with each slot that it claims. All of it is f64, as the rounding decides.
//
// A head, owners (u16 a slot), whether each pod is out (u32), a record for each pod: the slot that it tries next, its skip
// (u32 each), its weight, its target (f64 each). The fifth column is the heap of who claims when (u64: round ‖ pod).
const HEAD_SLOTS: usize = 0;
const HEAD_PODS: usize = HEAD_SLOTS + 4;
const HEAD_QUEUED: usize = HEAD_PODS + 4;

const NEXT: usize = 0;
const SKIP: usize = NEXT + 4;
const WEIGHT: usize = SKIP + 4;
const TARGET: usize = WEIGHT + 8;
const ENTRY: usize = TARGET + 8;
/** log2 of the bytes of a record. */
const RECORD: usize = 5;

// @ts-ignore: decorator
@inline function ownersBytes(slots: u32): usize {
  return (<usize>slots * 2 + 3) & ~3;
}
// @ts-ignore: decorator
@inline function outsBytes(pods: u32): usize {
  return (<usize>pods * 4 + 7) & ~7;
}

/** Bytes of a table. */
export function maglevBytes(slots: u32, pods: u32): usize {
  return aligned(HEAD + ownersBytes(slots) + outsBytes(pods) + (<usize>pods << RECORD));
}

// @ts-ignore: decorator
@inline function slotsOf(table: usize): u32 {
  return load<u32>(table, HEAD_SLOTS);
}
// @ts-ignore: decorator
@inline function recordsOf(table: usize): usize {
  return load<u32>(table, HEAD_OUTS) + <u32>outsBytes(load<u32>(table, HEAD_PODS));
}

/** Makes a table of a prime number of slots; then each pod of any weight is to be seated. */
export function openMaglev(table: usize, slots: u32, pods: u32): void {
  memory.fill(table, 0, maglevBytes(slots, pods));
  memory.fill(table + HEAD, 0xff, <usize>slots * 2);
  store<u32>(table, slots, HEAD_SLOTS);
  store<u32>(table, pods, HEAD_PODS);
  store<u32>(table, <u32>(table + HEAD + ownersBytes(slots)), HEAD_OUTS);
}

/** Seats a pod, whose address lies in the key buffer. Those of equal rounds claim in the order in which they were seated. */
export function seatMaglev(table: usize, index: u32, length: u32, weight: f64): void {
  const slots = <u64>slotsOf(table);
  const record = recordsOf(table) + (<usize>index << RECORD);
  store<u32>(record, <u32>(xx64(length, 0) % slots), NEXT);
  store<u32>(record, <u32>(xx64(length, 1) % (slots - 1) + 1), SKIP);
  store<f64>(record, weight, WEIGHT);
  // All claim in the first round, and so in order they are a heap.
  const queued = load<u32>(table, HEAD_QUEUED);
  store<u64>(recordsOf(table) + (<usize>queued << RECORD), ((<u64>1) << 32) | <u64>index, ENTRY);
  store<u32>(table, queued + 1, HEAD_QUEUED);
}

/** Puts an entry into the heap in the place of the first. */
function replaceFirst(records: usize, size: u32, entry: u64): void {
  let at: u32 = 0;
  for (let below: u32 = 1; below < size; below = 2 * at + 1) {
    let least = load<u64>(records + (<usize>below << RECORD), ENTRY);
    if (below + 1 < size) {
      const other = load<u64>(records + (<usize>(below + 1) << RECORD), ENTRY);
      if (other < least) {
        least = other;
        below++;
      }
    }
    if (entry <= least) break;
    store<u64>(records + (<usize>at << RECORD), least, ENTRY);
    at = below;
  }
  store<u64>(records + (<usize>at << RECORD), entry, ENTRY);
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
  const records = recordsOf(table);
  const queued = load<u32>(table, HEAD_QUEUED);
  for (let left = slots; left > 0; left--) {
    const first = load<u64>(records, ENTRY);
    const pod = <u32>first;
    const record = records + (<usize>pod << RECORD);
    let slot = load<u32>(record, NEXT);
    while (load<u16>(owners + (<usize>slot << 1)) != <u16>NOBODY) {
      slot += load<u32>(record, SKIP);
      if (slot >= slots) slot -= slots;
    }
    store<u16>(owners + (<usize>slot << 1), <u16>pod);
    store<u32>(record, slot, NEXT);
    const target = load<f64>(record, TARGET) + most;
    store<f64>(record, target, TARGET);
    const round = nextRound(<u32>(first >> 32), load<f64>(record, WEIGHT), target);
    replaceFirst(records, queued, (<u64>round << 32) | <u64>pod);
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
