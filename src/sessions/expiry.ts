import type { Retention, Sid } from "../model/binding.ts";
import type { Token } from "./token.ts";

/** Clocks may disagree by this much before a session inside its idle time can die. Seconds. */
export const LEEWAY = 60;
/** A token may come from this far ahead. Seconds. */
export const AHEAD = 300;
/** Up to this idle timeout the renewal age has no jitter. Seconds. */
const SHORT_IDLE = 240;

/**
 * Age at which a token is issued anew, in seconds: idle/4 ± 10 % by the sid, so that sessions born together do not renew
 * together; idle/4 exactly for idle ≤ 4 min.
 */
export function renewalAge(idle: number, sid: Sid): number {
  if (idle <= SHORT_IDLE) return idle / 4;
  const byte = Number.parseInt(sid.slice(0, 2), 16);
  return (idle / 4) * (0.9 + (0.2 * byte) / 255);
}

/** What time makes of a token. `ahead`: issued further in the future than clocks can disagree. Seconds. */
export function verdict(
  token: Token,
  renewal: number,
  idle: number,
  now: number,
): "good" | "renew" | "expired-idle" | "expired-absolute" | "ahead" {
  if (now > token.exp) return "expired-absolute";
  const age = now - token.iat;
  if (age <= renewal) return age < -AHEAD ? "ahead" : "good";
  return age > idle + renewal + LEEWAY ? "expired-idle" : "renew";
}

/** How long the store must remember a session seen at `now`. All times in seconds, the answer in milliseconds. */
export function retention(idle: number, renewal: number, exp: number, now: number): Retention {
  return {
    ttl: Math.round((1.5 * idle + 600) * 1000),
    expires: Math.round(Math.min(now + idle + renewal + LEEWAY, exp) * 1000),
  };
}
