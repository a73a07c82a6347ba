import { describe, expect, it } from "vitest";
import type { Binding } from "../../src/model/binding.ts";
import type { Swap, Swapped } from "../../src/model/ports.ts";
import { reindex } from "../../src/sessions/reindex.ts";
import { settle } from "../../src/sessions/settle.ts";
import { binding, EXPIRED, FAR, swap } from "../support/bindings.ts";
import { CAUSED, EPOCH, HELD, type Holds, SWAP_CASES } from "../support/swap-cases.ts";

const PODS = { token: 0xa, to: 0xb, other: 0xc };
const HOMES = { stored: 0xd, swap: 0xe, to: PODS.to };
const token = binding({ epoch: EPOCH, pod: PODS.token, home: HOMES.swap, created: 2000 });

function held(holds: Holds): Binding | undefined {
  const found = HELD[holds];
  if (found === undefined) return undefined;
  const [epoch, at, state] = found;
  const exp = holds.startsWith("expired") ? EXPIRED : FAR + 5000;
  return {
    ...token,
    epoch,
    pod: PODS[at],
    home: HOMES.stored,
    state,
    cause: CAUSED.stored,
    created: 1000,
    exp,
  };
}

describe("settle", () => {
  it.each(SWAP_CASES)("$op (knows: $knows) where the store is $holds: $verdict at $epoch", (row) => {
    const stored = held(row.holds);
    const known = row.knows ? token : { ...token, epoch: 0, pod: PODS.to };
    const { swapped, write } = settle(stored, swap(row.op, known, { to: PODS.to, cause: CAUSED.swap }));
    const cause = row.cause === "stored" || row.cause === "swap" ? CAUSED[row.cause] : row.cause;
    const holds = { epoch: row.epoch, pod: PODS[row.pod], home: HOMES[row.home], cause };
    const from = row.from === "none" ? undefined : PODS[row.from];
    expect(swapped).toEqual({ verdict: row.verdict, ...holds, from });
    expect(write?.state ?? "as it was").toBe(row.left);
    if (write !== undefined) expect(write).toMatchObject({ sid: token.sid, ...holds });
  });

  it("counts a session as silent only once its end has passed", () => {
    const stored = held("same")!;
    for (const op of ["create", "find"] as const) {
      const at = (created: number) => settle(stored, swap(op, token, { to: PODS.to, created })).swapped;
      expect(at(stored.exp).verdict).toBe("KEPT");
      expect(at(stored.exp + 1).cause).toBe("expired-idle");
    }
  });

  it("never shortens a life: a clock that is behind extends nothing", () => {
    const stored = held("same")!;
    for (const op of ["create", "find", "touch"] as const) {
      const { write } = settle(stored, swap(op, token, { exp: stored.exp - 1 }));
      expect(write).toMatchObject({ created: 1000, exp: stored.exp });
    }
  });
});

describe("reindex", () => {
  const [P, Q, C] = [PODS.token, PODS.other, PODS.to];
  const say = (op: Swap["op"], verdict: Swapped["verdict"], pod: number, from: number | undefined) =>
    reindex(swap(op, token, { to: C }), { verdict, epoch: 6, pod, home: P, cause: "", from });

  it.each([
    ["a move leaves the pod where it was", "rebind", "WON", C, P, { from: P, to: C }],
    [
      "a move of what the store had lost leaves the token's pod",
      "rebind",
      "WON",
      C,
      undefined,
      { from: P, to: C },
    ],
    ["a move of what was behind leaves the pod that was held", "rebind2", "WON", C, Q, { from: Q, to: C }],
    ["a move to where it is leaves nothing", "rebind", "WON", C, C, { from: undefined, to: C }],
    ["a repair leaves the pod that was held", "touch", "KEPT", P, Q, { from: Q, to: P }],
    ["what is kept is extended", "create", "KEPT", P, P, { from: undefined, to: P }],
    [
      "what begins after silence leaves an end that has passed",
      "create",
      "WON",
      C,
      Q,
      { from: undefined, to: C },
    ],
    ["what a key adopts is extended where it is", "create", "ADOPT", Q, Q, { from: undefined, to: Q }],
    ["what a learned key adopts as well", "find", "ADOPT", Q, Q, { from: undefined, to: Q }],
    ["what a token adopts is listed by who moved it", "touch", "ADOPT", Q, Q, undefined],
    ["a revocation is taken out where it was", "revoke", "REVOKED", P, Q, { from: Q, to: undefined }],
    [
      "one of what the store had lost, at the token's pod",
      "revoke",
      "REVOKED",
      P,
      undefined,
      { from: P, to: undefined },
    ],
    ["what was revoked before is out", "find", "REVOKED", P, P, undefined],
    ["what is not there is nowhere", "find", "ABSENT", C, undefined, undefined],
  ] as const)("%s", (_, op, verdict, pod, from, step) => {
    expect(say(op, verdict, pod, from)).toEqual(step);
  });
});
