import { decode, encode } from "../../src/sessions/base64url.ts";
import { isLongEnough, keyRing, type RingKey, type Secrets } from "../../src/sessions/keyring.ts";
import type { Token } from "../admin/auth.ts";
import type { Env } from "../env.ts";

/** The cookie that stands for a login at the console. */
export const COOKIE = "mooring-console";
/** How long a login lasts. Seconds. */
export const LASTS = 12 * 3600;
/** Cookies of that name that are tried: pods of the same host may set others. */
const TRIED = 4;

const SCOPE = "/console";
const VERSION = 1;
const NONCE = 12;
const HEAD = 2 + NONCE;
const MARK = 11;
const PLAIN = 4 + MARK;
/** In base64url, no slack bits. */
const LENGTH = ((HEAD + PLAIN + 16) / 3) * 4;
const UTF8 = new TextEncoder();

/**
 * ver 1 ‖ kid 1 ‖ nonce 12 ‖ AES-128-GCM(exp 4 ‖ SHA-256(token)[0:11]) ‖ tag 16 in base64url, by the deployment's secret. The
 * token itself is not in it, and another token in its place ends every login by the old one.
 *
 * @param secret what was logged in with
 * @param now milliseconds since the epoch
 */
export async function sealSession(env: Env, secret: string, now: number): Promise<string> {
  const [current] = await ringOf(env);
  if (current === undefined) throw new Error("no session is sealed without MOORING_SECRET");
  const plain = new Uint8Array(PLAIN);
  new DataView(plain.buffer).setUint32(0, Math.floor(now / 1000) + LASTS);
  plain.set(await markOf(secret), 4);
  const out = new Uint8Array(HEAD + PLAIN + 16);
  out.set([VERSION, current.kid]);
  const iv = crypto.getRandomValues(new Uint8Array(NONCE));
  out.set(iv, 2);
  const key = await current.forScope(SCOPE);
  out.set(new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain)), HEAD);
  return encode(out);
}

/** Who has logged in, by the name of the token; undefined when no cookie says so that this deployment sealed and that is still good. */
export async function openSession(
  env: Env,
  cookies: string,
  tokens: readonly Token[],
  now: number,
): Promise<string | undefined> {
  const found = sealed(cookies);
  if (found.length === 0) return undefined;
  const ring = await ringOf(env);
  for (const text of found) {
    const plain = await open(ring, text);
    if (plain === undefined) continue;
    if (new DataView(plain.buffer).getUint32(0) * 1000 <= now) continue;
    for (const { who, secret } of tokens) {
      const mark = await markOf(secret);
      // What is compared was sealed here: nobody can try marks.
      if (mark.every((byte, i) => byte === plain[4 + i])) return who;
    }
  }
  return undefined;
}

/** The values of the console's cookie that may be sealed ones. */
function sealed(cookies: string): string[] {
  const pairs = cookies.split(";").map((pair) => pair.trim());
  const values = pairs
    .filter((pair) => pair.startsWith(`${COOKIE}=`))
    .map((pair) => pair.slice(COOKIE.length + 1));
  return values.filter((value) => value.length === LENGTH).slice(0, TRIED);
}

async function open(ring: readonly RingKey[], text: string): Promise<Uint8Array | undefined> {
  const bytes = decode(text);
  if (bytes === undefined || bytes[0] !== VERSION) return undefined;
  const iv = bytes.subarray(2, HEAD);
  for (const candidate of ring) {
    if (candidate.kid !== bytes[1]) continue;
    const key = await candidate.forScope(SCOPE);
    try {
      return new Uint8Array(await crypto.subtle.decrypt({ name: "AES-GCM", iv }, key, bytes.subarray(HEAD)));
    } catch {
      // WebCrypto's one way to say that the tag does not fit.
    }
  }
  return undefined;
}

/** The current key first; none without a good secret. */
async function ringOf(env: Env): Promise<readonly RingKey[]> {
  if (!isLongEnough(env.MOORING_SECRET)) return [];
  const secrets: Secrets = {
    current: env.MOORING_SECRET,
    next: env.MOORING_SECRET_NEXT,
    previous: env.MOORING_SECRET_PREVIOUS,
  };
  return keyRing(crypto.subtle, secrets);
}

async function markOf(secret: string): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", UTF8.encode(secret))).subarray(0, MARK);
}
