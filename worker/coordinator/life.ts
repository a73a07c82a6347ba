import type { Binding, Retention, Sid } from "../../src/model/binding.ts";
import type { AffinityConfig } from "../../src/model/pool.ts";
import { LEEWAY, renewalAge, retention } from "../../src/sessions/expiry.ts";

/** How long a session lasts unseen. Seconds. */
export interface Life {
  readonly idle: number;
  /** Found by a key of the request: its expiry slides, and it is extended without an age of renewal. */
  readonly keyed: boolean;
}

/** Where a config names no affinity any more, while its sessions are still listed. Seconds. */
const FALLBACK: Life = { idle: 1800, keyed: false };
/** Two instances may round the seconds of an expiry differently. Milliseconds. */
const ROUNDING = 2000;

/**
 * A binding does not say by which source of the chain its session came. Where a cookie and a key are both configured,
 * its whole life tells: that of a cookie is `absolute`, from birth to expiry.
 */
export function lifeOf(
  chain: readonly AffinityConfig[],
  { created, exp }: Pick<Binding, "created" | "exp">,
): Life {
  const number = (options: AffinityConfig["options"], name: string) => {
    const value = options[name];
    return typeof value === "number" ? value : undefined;
  };
  let keyed: Life | undefined;
  let cookie: Life | undefined;
  for (const { options } of chain) {
    const idle = number(options, "idle");
    const timeout = number(options, "timeout");
    if (idle !== undefined) {
      cookie ??= { idle: idle / 1000, keyed: false };
      const absolute = number(options, "absolute");
      if (absolute !== undefined && Math.abs(exp - created - absolute) <= ROUNDING) return cookie;
    } else if (timeout !== undefined) {
      keyed ??= { idle: timeout / 1000, keyed: true };
    }
  }
  return keyed ?? cookie ?? FALLBACK;
}

/** How long an edge may know a session by its key unseen; undefined: of a cookie. Seconds. */
export function knownFor(
  chain: readonly AffinityConfig[],
  binding: Pick<Binding, "created" | "exp">,
): number | undefined {
  if (!lifeOf(chain, binding).keyed) return undefined;
  // Which of the keys it was nobody can say.
  const timeouts = chain.map(({ options: { timeout } }) => (typeof timeout === "number" ? timeout : 0));
  return Math.max(...timeouts) / 1000;
}

/** When a session was last created or renewed, from its index score. Milliseconds since the epoch. */
export function seenAt(
  { sid, created, expires }: { sid: Sid; created: number; expires: number },
  life: Life,
): number {
  const span = life.keyed ? life.idle : life.idle + renewalAge(life.idle, sid) + LEEWAY;
  return Math.max(created, Math.round(expires - span * 1000));
}

/**
 * Whether a session was not seen for half its idle time, as far as that can be known: once its absolute expiry is near, its
 * score says that alone, and it is not taken for idle.
 */
export function isIdle(
  session: { sid: Sid; created: number; expires: number; exp: number },
  life: Life,
  now: number,
): boolean {
  if (!life.keyed && session.expires >= session.exp) return false;
  return now - seenAt(session, life) > life.idle * 500;
}

/** How long the store must remember a session that an operator moved or revoked at `now`. Milliseconds. */
export function keepAt({ sid, exp }: Pick<Binding, "sid" | "exp">, { idle }: Life, now: number): Retention {
  return retention(idle, renewalAge(idle, sid), exp / 1000, now / 1000);
}
