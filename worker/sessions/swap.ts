import type { PodTag } from "../../src/model/pod.ts";
import type { Swap, Swapped } from "../../src/model/ports.ts";
import { AnswerError } from "./answer.ts";
import { causeFrom, checkSid, MAX_EPOCH } from "./value.ts";

const OPS: readonly Swap["op"][] = ["touch", "create", "find", "rebind", "rebind2", "revoke"];

/** An answer to a compare-and-set before it is believed. */
export interface Claim {
  readonly verdict: unknown;
  readonly epoch: unknown;
  readonly pod: unknown;
  readonly home: unknown;
  readonly cause: unknown;
  /** A tag, or null or undefined for none. */
  readonly from: unknown;
}

/** Largest pod tag: 48 bits. */
const MAX_TAG = 0xffffffffffff;

function asTag(value: unknown): PodTag {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_TAG) {
    throw new AnswerError("a pod", value);
  }
  return value;
}

/** Throws a TypeError for a compare-and-set that no token could ask for: its parts become keys and values. */
export function checkSwap(swap: Swap): Swap {
  checkSid(swap.sid);
  const { op, cause, epoch, pod, to, home, created, exp } = swap;
  if (!OPS.includes(op)) throw new TypeError(`no compare-and-set is called ${String(op)}`);
  if (cause !== causeFrom(cause)) throw new TypeError("not a cause");
  for (const number of [epoch, pod, to, home, created, exp]) {
    if (!Number.isSafeInteger(number) || number < 0)
      throw new TypeError("a compare-and-set holds whole numbers");
  }
  if (epoch >= MAX_EPOCH || Math.max(pod, to, home) > MAX_TAG) throw new TypeError("a number is too large");
  return swap;
}

/**
 * Holds an answer to what it can be for this compare-and-set: a store that lies about an epoch would let a response
 * set an epoch below the one that its request carried. Throws an AnswerError.
 */
export function checkSwapped(swap: Swap, claim: Claim): Swapped {
  const { verdict, epoch } = claim;
  const pod = asTag(claim.pod);
  const home = asTag(claim.home);
  const from = claim.from === null || claim.from === undefined ? undefined : asTag(claim.from);
  if (typeof claim.cause !== "string") throw new AnswerError("a cause", claim.cause);
  if (typeof epoch !== "number" || !Number.isSafeInteger(epoch) || epoch > MAX_EPOCH) {
    throw new AnswerError("an epoch", epoch);
  }
  const answer = { epoch, pod, home, cause: causeFrom(claim.cause), from };
  const named = VERDICTS.find((name) => name === verdict);
  if (named === undefined || !CAN[named](swap, answer)) {
    throw new AnswerError(`a verdict on ${swap.op} at epoch ${swap.epoch}`, verdict);
  }
  return { verdict: named, ...answer };
}

const VERDICTS = ["KEPT", "WON", "ADOPT", "REVOKED", "ABSENT"] as const;

/** Whether an answer with this verdict can be honest. No binding has an epoch below 1 but one that a token brought. */
const CAN: Record<Swapped["verdict"], (swap: Swap, answer: Omit<Swapped, "verdict">) => boolean> = {
  KEPT: ({ op, epoch, pod }, answer) =>
    (op === "touch" || (isKeyed(op) && epoch > 0)) && answer.epoch === epoch && answer.pod === pod,
  WON: (swap, answer) => {
    if (answer.pod !== swap.to || answer.epoch <= swap.epoch) return false;
    if (swap.op !== "create") return swap.op === "rebind" || swap.op === "rebind2";
    if (answer.home !== swap.to) return false;
    if (answer.cause === "") return swap.epoch === 0 && answer.epoch === 1 && answer.from === undefined;
    const again = answer.cause === "expired-idle" || answer.cause === "revoked";
    return again && answer.from !== undefined;
  },
  ADOPT: ({ op, epoch, pod }, answer) =>
    op !== "revoke" &&
    answer.from === answer.pod &&
    (answer.epoch > epoch || (answer.epoch === epoch && answer.pod !== pod)),
  REVOKED: ({ op, epoch }, answer) =>
    op === "revoke"
      ? answer.epoch > epoch
      : op !== "create" && answer.epoch >= epoch && answer.from === answer.pod,
  ABSENT: ({ op, epoch, pod }, answer) => {
    if (op !== "find") return false;
    if (answer.from !== undefined)
      return answer.cause === "expired-idle" && answer.epoch >= epoch && answer.from === answer.pod;
    return answer.cause === "" && epoch === 0 && answer.epoch === 0 && answer.pod === pod;
  },
};

function isKeyed(op: Swap["op"]): boolean {
  return op === "create" || op === "find";
}
