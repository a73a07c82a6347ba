import type { FaultName } from "./faults.ts";

/** A fault, in seconds from the beginning of its stage. */
export interface PlannedFault {
  readonly what: FaultName;
  readonly at: number;
  readonly lasts: number;
}

/** So many users at once, who act at a fixed rate together, whatever becomes of what they did before. */
export interface Stage {
  readonly users: number;
  /** Of all of them together; in a second. */
  readonly rate: number;
  /** Seconds in which users come who were not there yet, and which no figure is of. */
  readonly ramp: number;
  /** Seconds after that. */
  readonly lasts: number;
  readonly faults: readonly PlannedFault[];
}

export interface Plan {
  readonly edges: number;
  readonly pods: number;
  /** Processes of clients. */
  readonly loads: number;
  readonly stages: readonly Stage[];
}

/**
 * The last stage is much longer than the others: the last half of the run, over which memory must be flat, is of one load. Pods
 * and the store have been away under this load before it, as the runtime's allocator keeps what its worst moment took; and the
 * last kill comes before the last quarter of that half, which the first is compared with, so that no burst is left out.
 * A user acts every two to four seconds, so that it is the one who closes its connection last, and not the runtime after 5 s.
 */
export const FULL: Plan = {
  edges: 2,
  pods: 5,
  loads: 2,
  stages: [
    { users: 100, rate: 50, ramp: 5, lasts: 30, faults: [{ what: "pod", at: 12, lasts: 5 }] },
    {
      users: 1000,
      rate: 400,
      ramp: 10,
      lasts: 50,
      faults: [
        { what: "pod", at: 15, lasts: 5 },
        { what: "store", at: 32, lasts: 8 },
      ],
    },
    {
      users: 5000,
      rate: 1250,
      ramp: 40,
      lasts: 600,
      faults: [
        ...[15, 35, 55, 75, 95, 115, 135, 155, 175].map((at) => ({ what: "pod", at, lasts: 5 }) as const),
        { what: "store", at: 190, lasts: 10 },
        { what: "coordinator", at: 210, lasts: 10 },
        { what: "pod", at: 250, lasts: 5 },
        { what: "store", at: 290, lasts: 10 },
        { what: "pod", at: 320, lasts: 5 },
        { what: "coordinator", at: 350, lasts: 10 },
        { what: "pod", at: 380, lasts: 5 },
        { what: "pod", at: 420, lasts: 5 },
        { what: "store", at: 450, lasts: 10 },
        { what: "pod", at: 480, lasts: 5 },
        { what: "coordinator", at: 530, lasts: 10 },
      ],
    },
  ],
};

/** The same in small, within a minute with all that is started for it. */
export const QUICK: Plan = {
  edges: 2,
  pods: 3,
  loads: 1,
  stages: [
    { users: 20, rate: 10, ramp: 1, lasts: 4, faults: [] },
    { users: 60, rate: 30, ramp: 1, lasts: 8, faults: [{ what: "pod", at: 3, lasts: 2 }] },
    {
      users: 200,
      rate: 80,
      ramp: 2,
      lasts: 18,
      faults: [
        { what: "store", at: 6, lasts: 4 },
        { what: "pod", at: 14, lasts: 2 },
      ],
    },
  ],
};
