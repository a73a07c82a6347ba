import { clientIp } from "./client-ip.ts";
import { cookie } from "./cookie.ts";
import { cookieKey } from "./cookie-key.ts";
import { hash } from "./hash.ts";
import { header } from "./header.ts";
import { learn } from "./learn.ts";
import { none } from "./none.ts";
import { query } from "./query.ts";
import { token } from "./token.ts";

/** The affinity registry: schema, docs and console list derive from it. */
export const affinities = {
  cookie,
  token,
  learn,
  header,
  query,
  "cookie-key": cookieKey,
  "client-ip": clientIp,
  hash,
  none,
} as const;

export type AffinityName = keyof typeof affinities;
