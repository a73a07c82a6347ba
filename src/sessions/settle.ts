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
 * The store never loses an epoch: it is repaired forward from what the caller knows, and followed where it knows more.
 * The Lua in worker/sessions/scripts.ts mirrors this line for line; the contract suite holds them together.
 */
export function settle(stored: Binding | undefined, swap: Swap): Settled {
  const { op } = swap;
  const moves = op === "rebind" || op === "rebind2";
  const keyed = op === "create" || op === "find";
  // What began after a revocation is another session: it takes nothing over from the revoked one.
  const ended = stored?.state === "R" && stored.epoch < swap.epoch && op !== "revoke";
  const known = ended ? undefined : stored;
  const from = known?.pod;

  const answer = (verdict: Swapped["verdict"], { epoch, pod, home, cause }: Said): Swapped => {
    return { verdict, epoch, pod, home, cause, from };
  };
  const leave = (verdict: Swapped["verdict"], said: Said): Settled => ({
    swapped: answer(verdict, said),
    write: undefined,
  });
  const put = (verdict: Swapped["verdict"], holds: Omit<Binding, "sid">): Settled => ({
    swapped: answer(verdict, holds),
    write: { ...holds, sid: swap.sid },
  });
  const via = swap.via || known?.via || "";
  // A known session keeps its birth, and the later of two expiries: a revocation must outlive every cookie.
  const life = { created: known?.created ?? swap.created, exp: Math.max(known?.exp ?? 0, swap.exp), via };
  const write = (verdict: Swapped["verdict"], state: Binding["state"], said: Said) =>
    put(verdict, { ...said, state, ...life });
  const win = (epoch: number) => {
    const { to: pod, home, cause } = swap;
    return write("WON", "A", { epoch: epoch + 1, pod, home, cause });
  };
  // A keyed session that begins again comes after the last epoch of its sid, and else takes nothing over.
  const begin = (epoch: number, cause: Said["cause"]) => {
    const { to: pod, to: home, created, exp } = swap;
    return put("WON", { epoch: epoch + 1, pod, home, state: "A", cause, created, exp, via });
  };

  if (op === "revoke") {
    const { epoch, pod, home } = known !== undefined && known.epoch >= swap.epoch ? known : swap;
    return write("REVOKED", "R", { epoch: epoch + 1, pod, home, cause: swap.cause });
  }
  const relation = relate(known, swap.epoch, swap.pod);
  if (known === undefined || relation === "absent" || relation === "behind") {
    if (moves) return win(swap.epoch);
    const { epoch, pod, home } = swap;
    if (op === "create" && epoch === 0) return begin(0, "");
    if (op === "find" && epoch === 0) return leave("ABSENT", { epoch, pod, home, cause: "" });
    // A key that its edge knew to be revoked begins anew.
    return write("KEPT", "A", { epoch, pod, home, cause: ended && op === "create" ? "revoked" : "" });
  }
  if (relation === "revoked") {
    if (op === "create") return begin(known.epoch, "revoked");
    return leave("REVOKED", known);
  }
  if (keyed && known.exp < swap.created) {
    if (op === "create") return begin(known.epoch, "expired-idle");
    return leave("ABSENT", { ...known, cause: "expired-idle" });
  }
  if (relation === "same") return moves ? win(swap.epoch) : write("KEPT", "A", known);
  if (op === "rebind2" && known.pod === swap.pod) return win(known.epoch);
  return keyed ? write("ADOPT", "A", known) : leave("ADOPT", known);
}

/** What an answer says of a binding. */
type Said = Pick<Binding, "epoch" | "pod" | "home" | "cause">;
