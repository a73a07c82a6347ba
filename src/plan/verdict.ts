import type { Cause } from "../model/binding.ts";
import type { ListedBinding } from "../model/ports.ts";
import { type Fate, fateOf, mayBeSilent } from "../route/fate.ts";
import type { View } from "../route/view.ts";
import type { Origin } from "./origin.ts";

/** What one session will meet; `sure` unless what the store does not say of it matters. */
export interface Verdict {
  readonly fate: Fate | { readonly kind: "ends"; readonly cause: Cause };
  readonly origin: Origin;
  readonly sure: boolean;
}

/** What a session will meet in a view, whichever it is; undefined: neither config has a place for it, so the change does not matter to it. */
export function judge(
  after: View,
  origins: readonly Origin[],
  session: ListedBinding,
  now: number,
): Verdict | undefined {
  let first: Verdict | undefined;
  let sure = true;
  for (const origin of origins) {
    const [fate, known] = judgeAs(after, origin, session, now);
    if (!known || (first !== undefined && !same(first.fate, fate))) sure = false;
    first ??= { fate, origin, sure };
  }
  return first === undefined ? undefined : { ...first, sure };
}

function judgeAs(
  after: View,
  { before: old, after: scope, carrier }: Origin,
  session: ListedBinding,
  now: number,
): [Verdict["fate"], known: boolean] {
  if (scope === undefined) return [{ kind: "ends", cause: "config-change" }, true];
  if (scope.others.has(session.pod)) return [{ kind: "ends", cause: "config-change" }, true];
  const [from, to] = [old?.carrier, scope.carrier];
  if (carrier === "token" && from !== undefined && to !== undefined && to.idle < from.idle) {
    if (mayBeSilent(from, to, session, now)) return [{ kind: "ends", cause: "expired-idle" }, false];
  }
  return [fateOf(after, scope, session, now), true];
}

function same(a: Verdict["fate"], b: Verdict["fate"]): boolean {
  if (a.kind === "moves" && b.kind === "moves") return a.to === b.to && a.cause === b.cause;
  return a.kind === b.kind;
}
