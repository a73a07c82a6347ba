import { compareIds, type Seating } from "./seating.ts";

/** One pod that makes the difference between two seatings; seats are those at its turn, when all before it are made. */
export type Change =
  | { readonly kind: "unseat"; readonly seat: number }
  | { readonly kind: "insert"; readonly seat: number; readonly id: Uint8Array; readonly weight: number }
  | { readonly kind: "reweigh"; readonly seat: number; readonly weight: number };

/** The changes, in order of seats, that make one seating another. */
export function changes(from: Seating, to: Seating): Change[] {
  const found: Change[] = [];
  let old = 0;
  let seat = 0;
  while (old < from.ids.length || seat < to.ids.length) {
    const [before, after] = [from.ids[old], to.ids[seat]];
    const order = before === undefined ? 1 : after === undefined ? -1 : compareIds(before, after);
    if (order < 0) {
      found.push({ kind: "unseat", seat });
      old++;
      continue;
    }
    const weight = to.weights[seat]!;
    if (order > 0) found.push({ kind: "insert", seat, id: after!, weight });
    else if (weight !== from.weights[old++]) found.push({ kind: "reweigh", seat, weight });
    seat++;
  }
  return found;
}
