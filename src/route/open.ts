import { scan } from "../sessions/cookie.ts";
import { renewalAge, verdict } from "../sessions/expiry.ts";
import { tokensIn } from "../sessions/header.ts";
import type { Carrier } from "./carrier.ts";
import type { Edge } from "./edge.ts";
import type { ScopeRuntime, Verified } from "./view.ts";

/**
 * The first candidate of what carries tokens, the Cookie header or one of its own, that this deployment sealed for this scope and whose session has not ended; where
 * all have, the first of them, so that the end can be recorded. Answers at once for a token that opened before; expiry,
 * feed and keep are the caller's to check on every hit.
 *
 * @param now milliseconds since the epoch
 */
export function openToken(
  edge: Edge,
  scope: ScopeRuntime,
  carrier: Carrier,
  header: string,
  https: boolean,
  now: number,
): Verified | undefined | Promise<Verified | undefined> {
  const candidates =
    carrier.header === undefined
      ? scan(header, https ? carrier.secureKey : carrier.plainKey)
      : tokensIn(header);
  const first = candidates[0];
  if (first === undefined) return undefined;
  const known = scope.verified.get(first);
  if (known !== undefined && (candidates.length === 1 || lives(edge, carrier, known, now))) return known;
  return openAny(edge, scope, carrier, candidates, now);
}

/**
 * A browser holds several cookies of one name when a config has changed path or domain: an old one, that nobody renews any
 * more, must not end the session of the new one.
 */
async function openAny(
  edge: Edge,
  scope: ScopeRuntime,
  carrier: Carrier,
  candidates: readonly string[],
  now: number,
): Promise<Verified | undefined> {
  let ended: Verified | undefined;
  for (const text of candidates) {
    const verified = scope.verified.get(text) ?? (await open(edge, scope, carrier, text));
    if (verified === undefined) continue;
    if (lives(edge, carrier, verified, now)) return verified;
    ended ??= verified;
  }
  return ended;
}

async function open(
  edge: Edge,
  scope: ScopeRuntime,
  carrier: Carrier,
  text: string,
): Promise<Verified | undefined> {
  const opened = await edge.sealer.open(scope.scope.id, text);
  edge.clues?.opened(scope.scope.id, opened !== undefined);
  if (opened === undefined) return undefined;
  const verified = { ...opened, renewal: renewalAge(carrier.idle, opened.token.sid) };
  scope.verified.set(text, verified);
  return verified;
}

function lives(edge: Edge, carrier: Carrier, verified: Verified, now: number): boolean {
  const { token, renewal, retired } = verified;
  if (retired || edge.feed.below(token.sid, token.epoch)?.to === null) return false;
  const age = verdict(token, renewal, carrier.idle, now / 1000);
  return age === "good" || age === "renew";
}
