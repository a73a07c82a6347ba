import type { PodTag } from "../../src/model/pod.ts";
import type { Swap, Swapped } from "../../src/model/ports.ts";
import { AnswerError } from "./answer.ts";
import { causeFrom, checkSid, MAX_EPOCH } from "./value.ts";

const OPS: readonly Swap["op"][] = ["touch", "rebind", "rebind2", "revoke"];

/** An answer to a compare-and-set before it is believed. */
export interface Claim {
  readonly verdict: unknown;
  readonly epoch: unknown;
  readonly pod: unknown;
  readonly home: unknown;
  readonly cause: unknown;
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
  if (typeof claim.cause !== "string") throw new AnswerError("a cause", claim.cause);
  if (typeof epoch !== "number" || !Number.isSafeInteger(epoch)) throw new AnswerError("an epoch", epoch);
  const answer = { epoch, pod, home, cause: causeFrom(claim.cause) };
  const moves = swap.op === "rebind" || swap.op === "rebind2";
  if (verdict === "KEPT" && swap.op === "touch" && epoch === swap.epoch && pod === swap.pod) {
    return { verdict, ...answer };
  }
  if (verdict === "WON" && moves && epoch > swap.epoch && pod === swap.to) return { verdict, ...answer };
  if (verdict === "ADOPT" && swap.op !== "revoke" && epoch >= swap.epoch) return { verdict, ...answer };
  const least = swap.op === "revoke" ? swap.epoch + 1 : swap.epoch;
  if (verdict === "REVOKED" && epoch >= least) return { verdict, ...answer };
  throw new AnswerError(`a verdict on ${swap.op} at epoch ${swap.epoch}`, verdict);
}
