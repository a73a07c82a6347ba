import type { Cause } from "../../src/model/binding.ts";
import type { Swap, Swapped } from "../../src/model/ports.ts";

/** What the store holds, as the token of {@link EPOCH} sees it. `own`: at the token's pod. `expired`: past its `exp`. */
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
  | "revoked-ahead"
  | "expired-behind"
  | "expired-same"
  | "expired-ahead";

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
  "expired-behind": [4, "other", "A"],
  "expired-same": [5, "token", "A"],
  "expired-ahead": [7, "other", "A"],
};

/** The cause that each side brings: the store's own, and the compare-and-set's. */
export const CAUSED = { stored: "drain-deadline", swap: "pod-gone" } as const satisfies Record<string, Cause>;

type Who = "token" | "to" | "other";

/**
 * A row of the compare-and-set: the answer, and whose the pod, the home, the cause and the life are. `left` is the state
 * that the store holds afterwards; "as it was" when the call must not write. `from`: whose pod was found.
 */
export interface SwapCase {
  readonly holds: Holds;
  readonly op: Swap["op"];
  /** False: the caller remembers nothing, so its epoch is 0 and its pod the candidate. */
  readonly knows: boolean;
  readonly verdict: Swapped["verdict"];
  readonly epoch: number;
  readonly pod: Who;
  readonly home: "stored" | "swap" | "to";
  readonly cause: "stored" | "swap" | Cause | "";
  readonly left: "A" | "R" | "as it was";
  readonly created: "stored" | "swap";
  readonly from: "token" | "other" | "none";
}

/**
 * Written out by hand from the protocol, one row each, so that no rule in the code under test decides what is right.
 * `op/0`: by a caller that remembers nothing.
 */
const ROWS = `
  absent          touch     KEPT     5  token  swap    none          A          swap    none
  corrupt         touch     KEPT     5  token  swap    none          A          swap    none
  behind          touch     KEPT     5  token  swap    none          A          stored  other
  same            touch     KEPT     5  token  stored  stored        A          stored  token
  other           touch     ADOPT    5  other  stored  stored        as-it-was  stored  other
  ahead           touch     ADOPT    7  other  stored  stored        as-it-was  stored  other
  ahead-own       touch     ADOPT    7  token  stored  stored        as-it-was  stored  token
  revoked-behind  touch     KEPT     5  token  swap    none          A          swap    none
  revoked-equal   touch     REVOKED  5  other  stored  stored        as-it-was  stored  other
  revoked-ahead   touch     REVOKED  7  other  stored  stored        as-it-was  stored  other
  expired-behind  touch     KEPT     5  token  swap    none          A          stored  other
  expired-same    touch     KEPT     5  token  stored  stored        A          stored  token
  expired-ahead   touch     ADOPT    7  other  stored  stored        as-it-was  stored  other

  absent          create    KEPT     5  token  swap    none          A          swap    none
  corrupt         create    KEPT     5  token  swap    none          A          swap    none
  behind          create    KEPT     5  token  swap    none          A          stored  other
  same            create    KEPT     5  token  stored  stored        A          stored  token
  other           create    ADOPT    5  other  stored  stored        A          stored  other
  ahead           create    ADOPT    7  other  stored  stored        A          stored  other
  ahead-own       create    ADOPT    7  token  stored  stored        A          stored  token
  revoked-behind  create    KEPT     5  token  swap    revoked       A          swap    none
  revoked-equal   create    WON      6  to     to      revoked       A          swap    other
  revoked-ahead   create    WON      8  to     to      revoked       A          swap    other
  expired-behind  create    KEPT     5  token  swap    none          A          stored  other
  expired-same    create    WON      6  to     to      expired-idle  A          swap    token
  expired-ahead   create    WON      8  to     to      expired-idle  A          swap    other

  absent          create/0  WON      1  to     to      none          A          swap    none
  corrupt         create/0  WON      1  to     to      none          A          swap    none
  behind          create/0  ADOPT    4  other  stored  stored        A          stored  other
  same            create/0  ADOPT    5  token  stored  stored        A          stored  token
  other           create/0  ADOPT    5  other  stored  stored        A          stored  other
  ahead           create/0  ADOPT    7  other  stored  stored        A          stored  other
  ahead-own       create/0  ADOPT    7  token  stored  stored        A          stored  token
  revoked-behind  create/0  WON      5  to     to      revoked       A          swap    other
  revoked-equal   create/0  WON      6  to     to      revoked       A          swap    other
  revoked-ahead   create/0  WON      8  to     to      revoked       A          swap    other
  expired-behind  create/0  WON      5  to     to      expired-idle  A          swap    other
  expired-same    create/0  WON      6  to     to      expired-idle  A          swap    token
  expired-ahead   create/0  WON      8  to     to      expired-idle  A          swap    other

  absent          find      KEPT     5  token  swap    none          A          swap    none
  corrupt         find      KEPT     5  token  swap    none          A          swap    none
  behind          find      KEPT     5  token  swap    none          A          stored  other
  same            find      KEPT     5  token  stored  stored        A          stored  token
  other           find      ADOPT    5  other  stored  stored        A          stored  other
  ahead           find      ADOPT    7  other  stored  stored        A          stored  other
  ahead-own       find      ADOPT    7  token  stored  stored        A          stored  token
  revoked-behind  find      KEPT     5  token  swap    none          A          swap    none
  revoked-equal   find      REVOKED  5  other  stored  stored        as-it-was  stored  other
  revoked-ahead   find      REVOKED  7  other  stored  stored        as-it-was  stored  other
  expired-behind  find      KEPT     5  token  swap    none          A          stored  other
  expired-same    find      ABSENT   5  token  stored  expired-idle  as-it-was  stored  token
  expired-ahead   find      ABSENT   7  other  stored  expired-idle  as-it-was  stored  other

  absent          find/0    ABSENT   0  to     swap    none          as-it-was  swap    none
  corrupt         find/0    ABSENT   0  to     swap    none          as-it-was  swap    none
  behind          find/0    ADOPT    4  other  stored  stored        A          stored  other
  same            find/0    ADOPT    5  token  stored  stored        A          stored  token
  other           find/0    ADOPT    5  other  stored  stored        A          stored  other
  ahead           find/0    ADOPT    7  other  stored  stored        A          stored  other
  ahead-own       find/0    ADOPT    7  token  stored  stored        A          stored  token
  revoked-behind  find/0    REVOKED  4  other  stored  stored        as-it-was  stored  other
  revoked-equal   find/0    REVOKED  5  other  stored  stored        as-it-was  stored  other
  revoked-ahead   find/0    REVOKED  7  other  stored  stored        as-it-was  stored  other
  expired-behind  find/0    ABSENT   4  other  stored  expired-idle  as-it-was  stored  other
  expired-same    find/0    ABSENT   5  token  stored  expired-idle  as-it-was  stored  token
  expired-ahead   find/0    ABSENT   7  other  stored  expired-idle  as-it-was  stored  other

  absent          rebind    WON      6  to     swap    swap          A          swap    none
  corrupt         rebind    WON      6  to     swap    swap          A          swap    none
  behind          rebind    WON      6  to     swap    swap          A          stored  other
  same            rebind    WON      6  to     swap    swap          A          stored  token
  other           rebind    ADOPT    5  other  stored  stored        as-it-was  stored  other
  ahead           rebind    ADOPT    7  other  stored  stored        as-it-was  stored  other
  ahead-own       rebind    ADOPT    7  token  stored  stored        as-it-was  stored  token
  revoked-behind  rebind    WON      6  to     swap    swap          A          swap    none
  revoked-equal   rebind    REVOKED  5  other  stored  stored        as-it-was  stored  other
  revoked-ahead   rebind    REVOKED  7  other  stored  stored        as-it-was  stored  other
  expired-behind  rebind    WON      6  to     swap    swap          A          stored  other
  expired-same    rebind    WON      6  to     swap    swap          A          stored  token
  expired-ahead   rebind    ADOPT    7  other  stored  stored        as-it-was  stored  other

  absent          rebind2   WON      6  to     swap    swap          A          swap    none
  corrupt         rebind2   WON      6  to     swap    swap          A          swap    none
  behind          rebind2   WON      6  to     swap    swap          A          stored  other
  same            rebind2   WON      6  to     swap    swap          A          stored  token
  other           rebind2   ADOPT    5  other  stored  stored        as-it-was  stored  other
  ahead           rebind2   ADOPT    7  other  stored  stored        as-it-was  stored  other
  ahead-own       rebind2   WON      8  to     swap    swap          A          stored  token
  revoked-behind  rebind2   WON      6  to     swap    swap          A          swap    none
  revoked-equal   rebind2   REVOKED  5  other  stored  stored        as-it-was  stored  other
  revoked-ahead   rebind2   REVOKED  7  other  stored  stored        as-it-was  stored  other
  expired-behind  rebind2   WON      6  to     swap    swap          A          stored  other
  expired-same    rebind2   WON      6  to     swap    swap          A          stored  token
  expired-ahead   rebind2   ADOPT    7  other  stored  stored        as-it-was  stored  other

  absent          revoke    REVOKED  6  token  swap    swap          R          swap    none
  corrupt         revoke    REVOKED  6  token  swap    swap          R          swap    none
  behind          revoke    REVOKED  6  token  swap    swap          R          stored  other
  same            revoke    REVOKED  6  token  stored  swap          R          stored  token
  other           revoke    REVOKED  6  other  stored  swap          R          stored  other
  ahead           revoke    REVOKED  8  other  stored  swap          R          stored  other
  ahead-own       revoke    REVOKED  8  token  stored  swap          R          stored  token
  revoked-behind  revoke    REVOKED  6  token  swap    swap          R          stored  other
  revoked-equal   revoke    REVOKED  6  other  stored  swap          R          stored  other
  revoked-ahead   revoke    REVOKED  8  other  stored  swap          R          stored  other
  expired-behind  revoke    REVOKED  6  token  swap    swap          R          stored  other
  expired-same    revoke    REVOKED  6  token  stored  swap          R          stored  token
  expired-ahead   revoke    REVOKED  8  other  stored  swap          R          stored  other
`;

/** Every row of the compare-and-set: thirteen things held × six operations, two of them also without a memory. */
export const SWAP_CASES: readonly SwapCase[] = ROWS.split("\n")
  .filter((row) => row.trim() !== "")
  .map((row) => {
    const [holds, op, verdict, epoch, pod, home, cause, left, created, from] = row.trim().split(/\s+/);
    return {
      holds,
      op: op!.replace("/0", ""),
      knows: !op!.endsWith("/0"),
      verdict,
      epoch: Number(epoch),
      pod,
      home,
      cause: cause === "none" ? "" : cause,
      left: left === "as-it-was" ? "as it was" : left,
      created,
      from,
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
