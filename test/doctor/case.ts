import type { Checkup, PodCheckup, PoolCheckup } from "../../src/doctor/checkup.ts";
import type { Evidence, Severity } from "../../src/doctor/finding.ts";
import { pod, pool, well } from "./well.ts";

/** A state that a check names, and one that is as near to it as can be and is not named. */
export interface Case {
  readonly name: string;
  readonly at: Checkup;
  readonly below: Checkup;
  readonly severity: Severity;
  /** What the evidence says, among others. */
  readonly evidence: Evidence;
}

/** Those of some checks, by their names. */
export type Cases = Readonly<Record<string, readonly Case[]>>;

export const web = (change: Partial<PoolCheckup>) => well({ pools: [pool(change)] });
export const pods = (...changes: Partial<PodCheckup>[]) =>
  web({ pods: changes.map((change, i) => pod("abcdef"[i]!, change)) });
export const left = (cause: PoolCheckup["breaks"][number]["cause"], from: string, count: number) => ({
  cause,
  from,
  count,
});
/** Wilson's lower bound at z = 3 is 0.196 of 21 of 60, and 0.209 of 22. */
export const sampled = (hits: number, taken: number) => ({ samples: { taken, hits, sid: "f".repeat(32) } });
