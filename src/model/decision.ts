import type { Cause } from "./binding.ts";
import type { Pod } from "./pod.ts";

/** What became of a request. Every request has exactly one. */
export const OUTCOMES = ["kept", "bound", "moved", "unkeyed", "refused"] as const;
export type Outcome = (typeof OUTCOMES)[number];

/** What was decided and why; metrics, log line and debug header all come from it. */
export interface Decision {
  readonly outcome: Outcome;
  readonly pool: string;
  readonly pod: Pod | undefined;
  /** The pod that a moved session left; its id, as it may be gone from the config. */
  readonly from: string | undefined;
  readonly cause: Cause | undefined;
  /** Whether the store has yet to say whether the session is there: two edges may have it at two pods until then. */
  readonly provisional: boolean;
  readonly revision: number;
}
