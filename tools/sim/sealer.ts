import type { Keyer } from "../../src/sessions/keyer.ts";
import type { Opened, Sealer, Token } from "../../src/sessions/token.ts";
import { type Dice, fnv } from "./dice.ts";

/** The keys of an edge by one digit each, as the secrets of a deployment are rolled out. */
export interface Ring {
  readonly current: number;
  readonly next: number | undefined;
  readonly previous: number | undefined;
  /** Opens a token only to name its session. */
  readonly retired: number | undefined;
}

const hex = (value: number, digits: number) => value.toString(16).padStart(digits, "0");
const field = (text: string, at: number, digits: number) => Number.parseInt(text.slice(at, at + digits), 16);

/** Digits before the check: kid 1, scope 4, nonce 4, sid 32, pod 12, home 12, epoch 8, iat 8, exp 8, flags 1. */
const PLAIN = 90;

/** Tokens of 96 characters that anyone could read: a world needs no secrets, and WebCrypto is no part of virtual time. */
export function simSealer(ring: Ring, dice: Dice): Sealer {
  return {
    seal: (scope, token) => Promise.resolve(sealText(ring.current, scope, token, dice.word())),
    open(scope, text) {
      const read = readText(text);
      if (read === undefined || read.scope !== fnv(scope) % 0x10000) return Promise.resolve(undefined);
      const { kid, token } = read;
      const retired = kid === ring.retired;
      const known = kid === ring.current || kid === ring.next || kid === ring.previous || retired;
      const opened: Opened = { token, stale: kid === ring.previous, retired };
      return Promise.resolve(known ? opened : undefined);
    },
  };
}

/** sid = a hash of salt, label and value; four of FNV's 32 bits make 128. */
export const simKeyer: Keyer = {
  sid(salt, label, value) {
    const text = `${salt} ${label}${value}`;
    const parts = [0, 1, 2, 3].map((i) => hex(fnv(`${i}${text}`), 8));
    return Promise.resolve(parts.join(""));
  },
};

export function sealText(kid: number, scope: string, token: Token, nonce: number): string {
  const { sid, pod, home, epoch, iat, exp, flags } = token;
  const plain =
    hex(kid, 1) +
    hex(fnv(scope) % 0x10000, 4) +
    hex(nonce % 0x10000, 4) +
    sid +
    hex(pod, 12) +
    hex(home, 12) +
    hex(epoch, 8) +
    hex(iat, 8) +
    hex(exp, 8) +
    hex(flags, 1);
  return plain + hex(fnv(plain) % 0x1000000, 6);
}

/** Any token, whoever may open it; undefined for what no edge sealed. */
export function readText(text: string): { kid: number; scope: number; token: Token } | undefined {
  if (text.length !== 96 || hex(fnv(text.slice(0, PLAIN)) % 0x1000000, 6) !== text.slice(PLAIN))
    return undefined;
  const token: Token = {
    sid: text.slice(9, 41),
    pod: field(text, 41, 12),
    home: field(text, 53, 12),
    epoch: field(text, 65, 8),
    iat: field(text, 73, 8),
    exp: field(text, 81, 8),
    flags: field(text, 89, 1),
  };
  return { kid: field(text, 0, 1), scope: field(text, 1, 4), token };
}
