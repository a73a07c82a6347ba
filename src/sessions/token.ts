import type { Sid } from "../model/binding.ts";
import type { PodTag } from "../model/pod.ts";
import type { Chance } from "../model/ports.ts";
import { decode, encode } from "./base64url.ts";
import type { RingKey } from "./keyring.ts";

/** Characters of a sealed token: 72 bytes in base64url, no slack bits. */
export const TOKEN_LENGTH = 96;
/** Set while the store has not confirmed the binding; the next request settles it. */
export const PROVISIONAL = 1;
/** Set where a single answer of the store that may not hold has put the session; the next request asks once more. */
export const DOUBTED = 2;

const VERSION = 1;
const NONCE = 12;
const HEAD = 2 + NONCE;
const PLAIN = 42;
const UTF8 = new TextEncoder();

/** What a client holds, sealed. Times in seconds since the epoch. */
export interface Token {
  readonly sid: Sid;
  readonly pod: PodTag;
  readonly home: PodTag;
  readonly epoch: number;
  /** When it was issued; the idle timeout slides with it. */
  readonly iat: number;
  /** Absolute expiry; never extended. */
  readonly exp: number;
  readonly flags: number;
}

/** A token that opened, and how its key stands. */
export interface Opened {
  readonly token: Token;
  /** Its key is on the way out: it must be sealed anew. */
  readonly stale: boolean;
  /** Its key is out: it names a session that has ended. */
  readonly retired: boolean;
}

/** Seals and opens tokens of a scope. The simulator has its own. */
export interface Sealer {
  seal(scope: string, token: Token): Promise<string>;
  /** Undefined for anything that this deployment did not seal for this scope. */
  open(scope: string, text: string): Promise<Opened | undefined>;
}

/**
 * ver 1 ‖ kid 1 ‖ nonce 12 ‖ AES-128-GCM(sid 16 ‖ pod 6 ‖ home 6 ‖ epoch 4 ‖ iat 4 ‖ exp 4 ‖ flags 2) ‖ tag 16,
 * big-endian, in base64url. The additional data is the length-prefixed (ver, kid, scope), so that a token of one pool
 * opens in no other.
 */
export function sealer(subtle: SubtleCrypto, ring: readonly RingKey[], chance: Chance): Sealer {
  const current = ring.find((key) => key.role === "current");
  if (current === undefined) throw new Error("the key ring has no current key");
  return {
    async seal(scope, token) {
      const key = await current.forScope(scope);
      const out = new Uint8Array(HEAD + PLAIN + 16);
      out[0] = VERSION;
      out[1] = current.kid;
      const iv = chance.bytes(NONCE);
      out.set(iv, 2);
      const additionalData = additional(current.kid, scope);
      const body = await subtle.encrypt({ name: "AES-GCM", iv, additionalData }, key, pack(token));
      out.set(new Uint8Array(body), HEAD);
      return encode(out);
    },
    async open(scope, text) {
      if (text.length !== TOKEN_LENGTH) return undefined;
      const bytes = decode(text);
      if (bytes === undefined || bytes[0] !== VERSION) return undefined;
      for (const candidate of ring) {
        if (candidate.kid !== bytes[1]) continue;
        const key = await candidate.forScope(scope);
        const plain = await decrypt(subtle, key, bytes, additional(candidate.kid, scope));
        if (plain === undefined) continue;
        const { role } = candidate;
        return { token: unpack(plain), stale: role === "previous", retired: role === "retired" };
      }
      return undefined;
    },
  };
}

async function decrypt(
  subtle: SubtleCrypto,
  key: CryptoKey,
  bytes: Uint8Array<ArrayBuffer>,
  additionalData: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array | undefined> {
  try {
    const iv = bytes.subarray(2, HEAD);
    const body = bytes.subarray(HEAD);
    return new Uint8Array(await subtle.decrypt({ name: "AES-GCM", iv, additionalData }, key, body));
  } catch {
    // WebCrypto's one way to say that the tag does not fit: a forged, cut or foreign token.
    return undefined;
  }
}

function additional(kid: number, scope: string): Uint8Array<ArrayBuffer> {
  const name = UTF8.encode(scope);
  const data = new Uint8Array(6 + name.length);
  data.set([1, VERSION, 1, kid, name.length >>> 8, name.length & 255]);
  data.set(name, 6);
  return data;
}

function pack(token: Token): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(PLAIN);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 16; i++) bytes[i] = Number.parseInt(token.sid.slice(2 * i, 2 * i + 2), 16);
  putTag(view, 16, token.pod);
  putTag(view, 22, token.home);
  view.setUint32(28, token.epoch);
  view.setUint32(32, token.iat);
  view.setUint32(36, token.exp);
  view.setUint16(40, token.flags);
  return bytes;
}

function unpack(bytes: Uint8Array): Token {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    sid: toHex(bytes.subarray(0, 16)),
    pod: getTag(view, 16),
    home: getTag(view, 22),
    epoch: view.getUint32(28),
    iat: view.getUint32(32),
    exp: view.getUint32(36),
    flags: view.getUint16(40),
  };
}

function putTag(view: DataView, at: number, tag: PodTag): void {
  view.setUint16(at, Math.floor(tag / 2 ** 32));
  view.setUint32(at + 2, tag % 2 ** 32);
}

function getTag(view: DataView, at: number): PodTag {
  return view.getUint16(at) * 2 ** 32 + view.getUint32(at + 2);
}

/** Lower-case hex, two digits a byte. */
export function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += (byte < 16 ? "0" : "") + byte.toString(16);
  return text;
}
