import { utf8 } from "./keys.ts";

/** What a table needs to know of a pod. */
export interface TablePod {
  readonly id: string;
  /** An integer, u32. 0 owns no slot. */
  readonly weight: number;
}

/** The pods of positive weight in the order of the table: by the UTF-8 bytes of their ids, whatever order they came in. */
export interface Seating {
  readonly ids: readonly Uint8Array[];
  readonly weights: readonly number[];
  /** From the place in the table to the position in which the pod was given. */
  readonly order: Uint16Array;
}

const MOST_PODS = 65_534;
const BITS = { least: 8, most: 20 };

/**
 * Checks what a table is built from, and puts it in order.
 * @param longest bytes that an id may have
 * @throws RangeError for too many pods, an id that comes twice or is too long, a weight that is no u32, bits outside 8..20
 */
export function seating(pods: readonly TablePod[], bits: number, longest: number): Seating {
  if (!Number.isInteger(bits) || bits < BITS.least || bits > BITS.most) {
    throw new RangeError(`a table of ${bits} bits: must be an integer from ${BITS.least} to ${BITS.most}`);
  }
  if (pods.length > MOST_PODS) {
    throw new RangeError(`a table of ${pods.length} pods: holds at most ${MOST_PODS}`);
  }
  const seats = pods.map(({ id, weight }, index) => {
    if (weight >>> 0 !== weight) {
      throw new RangeError(`weight ${weight} of pod "${id}": must be an integer from 0 to 4294967295`);
    }
    const bytes = utf8(id);
    if (bytes.length > longest) {
      throw new RangeError(`a pod id of ${bytes.length} bytes: at most ${longest}`);
    }
    return { id, ascii: bytes.length === id.length, bytes, weight, index };
  });
  // Of ASCII the order of characters is that of bytes, and the platform's own comparison several times as fast.
  seats.sort((a, b) =>
    a.ascii && b.ascii ? (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) : compareIds(a.bytes, b.bytes),
  );
  for (let i = 1; i < seats.length; i++) {
    const { bytes, index } = seats[i]!;
    if (compareIds(seats[i - 1]!.bytes, bytes) === 0) {
      throw new RangeError(`pod id "${pods[index]!.id}" comes twice`);
    }
  }
  const taken = seats.filter((seat) => seat.weight > 0);
  return {
    ids: taken.map((seat) => seat.bytes),
    weights: taken.map((seat) => seat.weight),
    order: Uint16Array.from(taken, (seat) => seat.index),
  };
}

/** Orders ids by their UTF-8 bytes. */
export function compareIds(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
