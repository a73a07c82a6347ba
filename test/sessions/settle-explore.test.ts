import { describe, expect, it } from "vitest";
import { type Settled, settle } from "../../src/sessions/settle.ts";
import { explore, type Rule } from "../support/explore.ts";

/** Small enough for every `npm test`; what is held and asked repeats long before more calls would show anything new. */
const WITHOUT_LOSS = { calls: 3, losses: 0, silences: 0 };
const WITH_LOSS = { calls: 2, losses: 1, silences: 0 };
const WITH_SILENCE = { calls: 2, losses: 0, silences: 1 };

describe("the compare-and-set, every interleaving of three clients", () => {
  it("keeps its promises over three calls each", () => {
    const { calls, ends, pairs } = explore(settle, WITHOUT_LOSS);
    expect(calls).toBeGreaterThan(500_000);
    expect(ends).toBeGreaterThan(5000);
    const verdicts = pairs.map(({ swap, settled }) => `${swap.op} ${settled.swapped.verdict}`);
    // Every answer that there is has been given: nothing is promised of what was never tried.
    expect([...new Set(verdicts)].sort()).toEqual(
      [
        ...["touch KEPT", "touch ADOPT", "touch REVOKED", "revoke REVOKED"],
        ...["create KEPT", "create WON", "create ADOPT"],
        ...["find KEPT", "find ADOPT", "find REVOKED", "find ABSENT"],
        ...["rebind", "rebind2"].flatMap((op) => [`${op} WON`, `${op} ADOPT`, `${op} REVOKED`]),
      ].sort(),
    );
  });

  it.each([
    // Two can win an epoch then, as the store forgot the first of them; the rest is promised all the same.
    ["a write is answered and dropped", WITH_LOSS],
    ["the session falls silent for too long", WITH_SILENCE],
  ])("keeps them over two calls each where at any moment %s", (_, what) => {
    const { calls, ends } = explore(settle, what);
    expect(calls).toBeGreaterThan(200_000);
    expect(ends).toBeGreaterThan(5000);
  });
});

/** Mistakes that one could make in the rule, each with the promise that the exploration finds broken. */
const MISTAKES: Record<string, readonly [promise: string, rule: Rule]> = {
  "the last rebind wins": [
    "an epoch has at most one winner",
    (stored, swap) => settle(swap.op === "rebind" ? undefined : stored, swap),
  ],
  "a create takes a revocation for nothing": [
    "an epoch in the store never goes down",
    (stored, swap) => settle(stored?.state === "R" && swap.op === "create" ? undefined : stored, swap),
  ],
  "a touch brings back what was revoked at its own epoch": [
    "nothing lives at an epoch that was revoked",
    (stored, swap) => {
      const own = swap.op === "touch" && stored?.state === "R" && stored.epoch === swap.epoch;
      return settle(own ? undefined : stored, swap);
    },
  ],
  "a store that is behind is followed": [
    "an answer is never below the epoch that the request carried",
    (stored, swap) => {
      const behind = stored?.state === "A" && stored.epoch < swap.epoch && swap.op === "touch";
      return behind ? settle(stored, { ...swap, epoch: 0 }) : settle(stored, swap);
    },
  ],
  "a create that adopts stays with its candidate": [
    "who follows an answer is where the store says",
    (stored, swap) => {
      const settled = settle(stored, swap);
      if (swap.op !== "create" || settled.swapped.verdict !== "ADOPT") return settled;
      return { ...settled, swapped: { ...settled.swapped, pod: swap.to } };
    },
  ],
  "a repair is answered and not written": [
    "who follows an answer is where the store says",
    (stored, swap): Settled => {
      const settled = settle(stored, swap);
      return stored === undefined && swap.op === "find" ? { ...settled, write: undefined } : settled;
    },
  ],
  "a repair takes the epoch of the token, and the pod of the store": [
    "what is kept stays where it was",
    (stored, swap) => {
      const settled = settle(stored, swap);
      if (settled.swapped.verdict !== "KEPT" || settled.write === undefined || !stored) return settled;
      const { pod } = stored;
      return { swapped: { ...settled.swapped, pod }, write: { ...settled.write, pod } };
    },
  ],
  "find creates": [
    "find begins nothing",
    (stored, swap) => settle(stored, swap.op === "find" ? { ...swap, op: "create" } : swap),
  ],
};

describe("the exploration", () => {
  it.each(Object.entries(MISTAKES))("finds that %s", (_, [promise, rule]) => {
    expect(() => explore(rule, { calls: 2, losses: 0, silences: 0 })).toThrow(`broken: ${promise}`);
  });
});
