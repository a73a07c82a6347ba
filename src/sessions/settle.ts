import type { Binding } from "../model/binding.ts";
import type { PodTag } from "../model/pod.ts";
import type { Swap, Swapped } from "../model/ports.ts";

/** How what the store holds stands to what a token says. `revoked`: at the token's epoch or a later one. */
export type Relation = "absent" | "behind" | "same" | "other" | "ahead" | "revoked";

export function relate(stored: Binding | undefined, epoch: number, pod: PodTag): Relation {
  if (stored === undefined) return "absent";
  if (stored.epoch < epoch) return "behind";
  if (stored.state === "R") return "revoked";
  if (stored.epoch > epoch) return "ahead";
  return stored.pod === pod ? "same" : "other";
}

/** What a compare-and-set answers, and what the store must hold from then on (undefined: leave it as it is). */
export interface Settled {
  readonly swapped: Swapped;
  readonly write: Binding | undefined;
}

/**
 * The compare-and-set, decided. `stored` is undefined when the store holds nothing, or nothing that parses whole.
 * The store never loses an epoch: it is repaired forward from the token, and followed where it knows more.
 * The Lua in worker/sessions/scripts.ts mirrors this line for line; the contract suite holds them together.
 */
export function settle(stored: Binding | undefined, swap: Swap): Settled {
  // What began after a revocation is another session: it takes nothing over from the revoked one.
  const ended = stored?.state === "R" && stored.epoch < swap.epoch && swap.op !== "revoke";
  const known = ended ? undefined : stored;
  // A known session keeps its birth, and the later of two expiries: a revocation must outlive every cookie.
  const life = { created: known?.created ?? swap.created, exp: Math.max(known?.exp ?? 0, swap.exp) };
  const write = (
    verdict: Swapped["verdict"],
    holds: Omit<Binding, "sid" | "created" | "exp"> & Partial<Binding>,
  ): Settled => ({
    swapped: { verdict, epoch: holds.epoch, pod: holds.pod, home: holds.home, cause: holds.cause },
    write: { ...holds, ...life, sid: swap.sid },
  });
  const win = (epoch: number) =>
    write("WON", { epoch: epoch + 1, pod: swap.to, home: swap.home, state: "A", cause: swap.cause });

  if (swap.op === "revoke") {
    const base = known !== undefined && known.epoch >= swap.epoch ? known : swap;
    const { pod, home } = base;
    return write("REVOKED", { epoch: base.epoch + 1, pod, home, state: "R", cause: swap.cause });
  }
  const relation = relate(known, swap.epoch, swap.pod);
  if (known === undefined || relation === "absent" || relation === "behind") {
    if (swap.op !== "touch") return win(swap.epoch);
    return write("KEPT", { epoch: swap.epoch, pod: swap.pod, home: swap.home, state: "A", cause: "" });
  }
  if (relation === "same") return swap.op === "touch" ? write("KEPT", known) : win(swap.epoch);
  const { epoch, pod, home, cause } = known;
  if (relation === "revoked")
    return { swapped: { verdict: "REVOKED", epoch, pod, home, cause }, write: undefined };
  if (swap.op === "rebind2" && pod === swap.pod) return win(epoch);
  return { swapped: { verdict: "ADOPT", epoch, pod, home, cause }, write: undefined };
}
