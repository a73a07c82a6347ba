import type { Sid } from "../model/binding.ts";
import { toHex } from "./token.ts";

const UTF8 = new TextEncoder();

/** Names the session of an affinity key. The simulator has its own. */
export interface Keyer {
  /**
   * @param salt 32 hex digits, the same at every edge and never rotated; a salt of another text makes other sids
   * @param label scope and source, so that equal values of different sources are different sessions
   */
  sid(salt: string, label: string, value: string): Promise<Sid>;
}

/**
 * sid = HMAC-SHA-256(salt, length of label ‖ label ‖ value)[0:16]: a store or a session list does not tell whose address
 * or session id it was. The key is imported once for each salt.
 */
export function keyer(subtle: SubtleCrypto): Keyer {
  let held: { readonly salt: string; readonly key: Promise<CryptoKey> } | undefined;
  const keyOf = (salt: string) => {
    if (held?.salt !== salt) {
      const raw = UTF8.encode(`mooring/sid/1${salt}`);
      const algorithm = { name: "HMAC", hash: "SHA-256" };
      held = { salt, key: subtle.importKey("raw", raw, algorithm, false, ["sign"]) };
    }
    return held.key;
  };
  return {
    async sid(salt, label, value) {
      const key = await keyOf(salt);
      const mac = await subtle.sign("HMAC", key, UTF8.encode(`${label.length}:${label}${value}`));
      return toHex(new Uint8Array(mac, 0, 16));
    },
  };
}
