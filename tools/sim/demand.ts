import { tagFromHex } from "../../src/model/pod.ts";
import type { View } from "../../src/route/view.ts";
import { AHEAD, LEEWAY, renewalAge } from "../../src/sessions/expiry.ts";
import type { Token } from "../../src/sessions/token.ts";
import type { Call, Demand } from "./call.ts";
import { fnv } from "./dice.ts";
import type { Isolate } from "./isolate.ts";
import { readText } from "./sealer.ts";

/** The first of a request's cookie values that this edge can open, found without the code that is watched. */
export function carried(
  values: readonly string[],
  isolate: Isolate,
  scope: string,
): { text: string; token: Token; retired: boolean } | undefined {
  const { current, next, previous, retired } = isolate.ring;
  for (const text of values.slice(0, 4)) {
    const read = readText(text);
    if (read === undefined || read.scope !== fnv(scope) % 0x10000) continue;
    const known = [current, next, previous, retired].includes(read.kid);
    if (known) return { text, token: read.token, retired: read.kid === retired };
  }
  return undefined;
}

/**
 * What the protocol's rules say of a request, written once more and shorter than in src: time, then the feed, then keep.
 */
export function demandOf({ token, retired, now: came }: Call, isolate: Isolate, view: View): Demand {
  const matched = view.match("shop.test", "/");
  const cookie = matched?.scope.cookie;
  // A key carries it: what the edge knows of it is not for us to read.
  if (matched === undefined || cookie === undefined) return { want: "any" };
  if (token === undefined) return { want: "new", why: "it has no token" };
  if (retired) return { want: "new", why: "its key is retired" };
  const now = came / 1000;
  if (now > token.exp) return { want: "new", why: "it is past its absolute expiry" };
  if (token.iat - now > AHEAD) return { want: "new", why: "it comes from too far ahead" };
  if (now - token.iat > cookie.idle + renewalAge(cookie.idle, token.sid) + LEEWAY) {
    return { want: "new", why: "it was idle too long" };
  }
  const news = isolate.edge.feed.below(token.sid, token.epoch);
  if (news?.to === null) return { want: "new", why: "it is revoked" };
  const pod = matched.scope.pods.get(news?.to == null ? token.pod : tagFromHex(news.to));
  if (pod === undefined || !pod.keep) {
    // Where an operator had moved it to is another pod than the token's, to which it may well go back.
    const elsewhere = news === undefined && matched.scope.pools.some(({ shared }) => shared.live > 0);
    return { want: "move", why: "its pod does not keep it", elsewhere };
  }
  if (news !== undefined) return { want: "keep", pod: pod.pod.tag };
  const settlement = isolate.edge.settlements.get(token.sid);
  if (settlement?.ahead === true && settlement.epoch === token.epoch && settlement.pod === token.pod) {
    return { want: "move", why: "the store knows more" };
  }
  const home = matched.scope.pods.get(token.home);
  if (pod.pool.pool.failover === "temporary" && home?.keep && home !== pod) {
    return { want: "move", why: "its home is back", avoided: home.suspected(came) };
  }
  return { want: "keep", pod: token.pod };
}
