import type { PodTag } from "../../src/model/pod.ts";
import type { Swap, Swapped } from "../../src/model/ports.ts";
import { AnswerError } from "./answer.ts";
import { causeFrom, checkSid, MAX_EPOCH, VIA } from "./value.ts";

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
  const { op, cause, epoch, pod, to, home, created, exp, via } = swap;
  if (!OPS.includes(op)) throw new TypeError(`no compare-and-set is called ${String(op)}`);
  if (cause !== causeFrom(cause)) throw new TypeError("not a cause");
  if (via !== "" && !VIA.test(via)) throw new TypeError("no scope and host");
  for (const number of [epoch, pod, to, home, created, exp]) {
    if (!Number.isSafeInteger(number) || number < 0)
      throw new TypeError("a compare-and-set holds whole numbers");
  }
  // Epoch 0 is that of who remembers nothing, and no token's.
  if (epoch === 0 && op !== "create" && op !== "find") throw new TypeError("epochs begin at 1");
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
  if (!isVerdict(verdict) || !HONEST[verdict](swap, answer)) {
    throw new AnswerError(`a verdict on ${swap.op} at epoch ${swap.epoch}`, verdict);
  }
  return { verdict, ...answer };
}

function isVerdict(verdict: unknown): verdict is Swapped["verdict"] {
  return typeof verdict === "string" && Object.hasOwn(HONEST, verdict);
}

type Answer = Omit<Swapped, "verdict">;

/** It names the binding that was found, and that is not below what the caller knows. */
function found({ epoch }: Swap, answer: Answer): boolean {
  return answer.from === answer.pod && answer.epoch >= Math.max(1, epoch);
}

/** What begins by a key begins at home: as the first epoch of its sid, or after one that ended. */
function begun(swap: Swap, { epoch, home, cause, from }: Answer): boolean {
  if (home !== swap.to) return false;
  if (cause === "") return swap.epoch === 0 && epoch === 1 && from === undefined;
  return epoch > 1 && (cause === "expired-idle" || cause === "revoked") && from !== undefined;
}

/** Whether an answer with this verdict can be honest. */
const HONEST: Record<Swapped["verdict"], (swap: Swap, answer: Answer) => boolean> = {
  KEPT: ({ op, epoch, pod }, answer) =>
    ["touch", "create", "find"].includes(op) && epoch > 0 && answer.epoch === epoch && answer.pod === pod,
  WON: (swap, answer) => {
    if (answer.pod !== swap.to || answer.epoch <= swap.epoch) return false;
    return swap.op === "create" ? begun(swap, answer) : swap.op === "rebind" || swap.op === "rebind2";
  },
  ADOPT: (swap, answer) =>
    swap.op !== "revoke" && found(swap, answer) && (answer.epoch !== swap.epoch || answer.pod !== swap.pod),
  REVOKED: (swap, answer) =>
    swap.op === "revoke" ? answer.epoch > swap.epoch : swap.op !== "create" && found(swap, answer),
  ABSENT: (swap, answer) => {
    if (swap.op !== "find") return false;
    if (answer.from !== undefined) return answer.cause === "expired-idle" && found(swap, answer);
    return swap.epoch === 0 && answer.epoch === 0 && answer.pod === swap.pod && answer.cause === "";
  },
};
