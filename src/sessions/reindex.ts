import type { PodTag } from "../model/pod.ts";
import type { Swap, Swapped } from "../model/ports.ts";

/** The arguments of `BindingStore.index` that bring the index of a sid to where its binding is. */
export interface Reindex {
  readonly from: PodTag | undefined;
  readonly to: PodTag | undefined;
}

/**
 * What the index must follow after a compare-and-set; undefined when it stands as it should. Only whoever wrote the binding
 * changes the index: a session that was adopted by a token is listed by the one who moved it.
 */
export function reindex(swap: Swap, { verdict, pod, from }: Swapped): Reindex | undefined {
  switch (verdict) {
    case "WON":
      // What the new session follows ended before: a revocation took it out of the index, silence let its score run out.
      return { from: swap.op === "create" ? undefined : leave(from ?? swap.pod, pod), to: pod };
    case "KEPT":
      // Where a lookup by key found the store behind, the store itself sees to the pod that it leaves: see `debts`.
      return { from: looksUp(swap) ? undefined : leave(from, pod), to: pod };
    case "ADOPT":
      return looksUp(swap) ? { from: undefined, to: pod } : undefined;
    case "REVOKED":
      return swap.op === "revoke" ? { from: from ?? pod, to: undefined } : undefined;
    case "ABSENT":
      return undefined;
  }
}

function looksUp({ op }: Swap): boolean {
  return op === "create" || op === "find";
}

function leave(pod: PodTag | undefined, unless: PodTag): PodTag | undefined {
  return pod === unless ? undefined : pod;
}
