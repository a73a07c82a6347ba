import type { Cause } from "../../src/model/binding.ts";
import type { Swap, Swapped } from "../../src/model/ports.ts";

/** What the store holds, as the token of {@link EPOCH} sees it. `own`: at the token's pod. */
export type Holds =
  | "absent"
  | "corrupt"
  | "behind"
  | "same"
  | "other"
  | "ahead"
  | "ahead-own"
  | "revoked-behind"
  | "revoked-equal"
  | "revoked-ahead";

/** The epoch that every token of these cases carries. */
export const EPOCH = 5;

/** The epoch, pod and state of each binding held; absent and corrupt hold none. */
export const HELD: Partial<
  Record<Holds, readonly [epoch: number, pod: "token" | "other", state: "A" | "R"]>
> = {
  behind: [4, "other", "A"],
  same: [5, "token", "A"],
  other: [5, "other", "A"],
  ahead: [7, "other", "A"],
  "ahead-own": [7, "token", "A"],
  "revoked-behind": [4, "other", "R"],
  "revoked-equal": [5, "other", "R"],
  "revoked-ahead": [7, "other", "R"],
};

/** The cause that each side brings: the store's own, and the compare-and-set's. */
export const CAUSED = { stored: "drain-deadline", swap: "pod-gone" } as const satisfies Record<string, Cause>;

type Who = "token" | "to" | "other";

/**
 * A row of the compare-and-set: the answer, and whose the pod, the home, the cause and the life are. `left` is the state
 * that the store holds afterwards; "as it was" when the call must not write.
 */
export interface SwapCase {
  readonly holds: Holds;
  readonly op: Swap["op"];
  readonly verdict: Swapped["verdict"];
  readonly epoch: number;
  readonly pod: Who;
  readonly home: "stored" | "swap";
  readonly cause: "stored" | "swap" | "none";
  readonly left: "A" | "R" | "as it was";
  readonly created: "stored" | "swap";
}

/** Written out by hand from the protocol, one row each, so that no rule in the code under test decides what is right. */
const ROWS = `
  absent          touch    KEPT     5  token  swap    none    A          swap
  corrupt         touch    KEPT     5  token  swap    none    A          swap
  behind          touch    KEPT     5  token  swap    none    A          stored
  same            touch    KEPT     5  token  stored  stored  A          stored
  other           touch    ADOPT    5  other  stored  stored  as-it-was  stored
  ahead           touch    ADOPT    7  other  stored  stored  as-it-was  stored
  ahead-own       touch    ADOPT    7  token  stored  stored  as-it-was  stored
  revoked-behind  touch    KEPT     5  token  swap    none    A          swap
  revoked-equal   touch    REVOKED  5  other  stored  stored  as-it-was  stored
  revoked-ahead   touch    REVOKED  7  other  stored  stored  as-it-was  stored

  absent          rebind   WON      6  to     swap    swap    A          swap
  corrupt         rebind   WON      6  to     swap    swap    A          swap
  behind          rebind   WON      6  to     swap    swap    A          stored
  same            rebind   WON      6  to     swap    swap    A          stored
  other           rebind   ADOPT    5  other  stored  stored  as-it-was  stored
  ahead           rebind   ADOPT    7  other  stored  stored  as-it-was  stored
  ahead-own       rebind   ADOPT    7  token  stored  stored  as-it-was  stored
  revoked-behind  rebind   WON      6  to     swap    swap    A          swap
  revoked-equal   rebind   REVOKED  5  other  stored  stored  as-it-was  stored
  revoked-ahead   rebind   REVOKED  7  other  stored  stored  as-it-was  stored

  absent          rebind2  WON      6  to     swap    swap    A          swap
  corrupt         rebind2  WON      6  to     swap    swap    A          swap
  behind          rebind2  WON      6  to     swap    swap    A          stored
  same            rebind2  WON      6  to     swap    swap    A          stored
  other           rebind2  ADOPT    5  other  stored  stored  as-it-was  stored
  ahead           rebind2  ADOPT    7  other  stored  stored  as-it-was  stored
  ahead-own       rebind2  WON      8  to     swap    swap    A          stored
  revoked-behind  rebind2  WON      6  to     swap    swap    A          swap
  revoked-equal   rebind2  REVOKED  5  other  stored  stored  as-it-was  stored
  revoked-ahead   rebind2  REVOKED  7  other  stored  stored  as-it-was  stored

  absent          revoke   REVOKED  6  token  swap    swap    R          swap
  corrupt         revoke   REVOKED  6  token  swap    swap    R          swap
  behind          revoke   REVOKED  6  token  swap    swap    R          stored
  same            revoke   REVOKED  6  token  stored  swap    R          stored
  other           revoke   REVOKED  6  other  stored  swap    R          stored
  ahead           revoke   REVOKED  8  other  stored  swap    R          stored
  ahead-own       revoke   REVOKED  8  token  stored  swap    R          stored
  revoked-behind  revoke   REVOKED  6  token  swap    swap    R          stored
  revoked-equal   revoke   REVOKED  6  other  stored  swap    R          stored
  revoked-ahead   revoke   REVOKED  8  other  stored  swap    R          stored
`;

/** Every row of the compare-and-set: ten things held × four operations. */
export const SWAP_CASES: readonly SwapCase[] = ROWS.split("\n")
  .filter((row) => row.trim() !== "")
  .map((row) => {
    const [holds, op, verdict, epoch, pod, home, cause, left, created] = row.trim().split(/\s+/);
    return {
      holds,
      op,
      verdict,
      epoch: Number(epoch),
      pod,
      home,
      cause,
      left: left === "as-it-was" ? "as it was" : left,
      created,
    } as SwapCase;
  });

/** What `renew` says to a token of {@link EPOCH}, whatever the store holds. */
export const RENEWALS: readonly (readonly [Holds, "extended" | "repaired" | "ahead"])[] = [
  ["absent", "repaired"],
  ["corrupt", "repaired"],
  ["behind", "repaired"],
  ["same", "extended"],
  ["other", "ahead"],
  ["ahead", "ahead"],
  ["ahead-own", "ahead"],
  ["revoked-behind", "repaired"],
  ["revoked-equal", "ahead"],
  ["revoked-ahead", "ahead"],
];
