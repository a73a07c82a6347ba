import { scan } from "../sessions/cookie.ts";
import { renewalAge } from "../sessions/expiry.ts";
import type { Edge } from "./edge.ts";
import type { CookieRuntime, ScopeRuntime, Verified } from "./view.ts";

/**
 * The first candidate of the Cookie header that this deployment sealed for this scope. Answers at once for a token that
 * opened before; expiry, feed and keep are the caller's to check on every hit.
 */
export function openToken(
  edge: Edge,
  scope: ScopeRuntime,
  cookie: CookieRuntime,
  header: string,
  https: boolean,
): Verified | undefined | Promise<Verified | undefined> {
  const candidates = scan(header, https ? cookie.secureKey : cookie.plainKey);
  const first = candidates[0];
  if (first === undefined) return undefined;
  return scope.verified.get(first) ?? openAny(edge, scope, cookie, candidates);
}

async function openAny(
  edge: Edge,
  scope: ScopeRuntime,
  cookie: CookieRuntime,
  candidates: readonly string[],
): Promise<Verified | undefined> {
  for (const text of candidates) {
    const known = scope.verified.get(text);
    if (known !== undefined) return known;
    const opened = await edge.sealer.open(scope.scope.id, text);
    if (opened === undefined) continue;
    const verified = { ...opened, renewal: renewalAge(cookie.idle, opened.token.sid) };
    scope.verified.set(text, verified);
    return verified;
  }
  return undefined;
}
