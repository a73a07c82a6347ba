import { createHash } from "node:crypto";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/** What names a chain of kube-proxy's, by what is in its hash. */
export const CHAIN = /\bKUBE-(?:SVC|SVL|EXT|FW|XLB)-([A-Z2-7]{16})\b/g;

/**
 * The hash in the names of the chains of a service's port, by which iptables' errors name it: the first 16 characters of base32
 * of SHA-256(namespace/name:port ‖ protocol).
 */
export function chainHash(service: string, protocol: string): string {
  const digest = createHash("sha256")
    .update(service + protocol)
    .digest();
  let text = "";
  let [bits, held] = [0, 0];
  for (const byte of digest) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += LETTERS[(held >>> bits) & 31];
    }
    held &= (1 << bits) - 1;
    if (text.length >= 16) break;
  }
  return text.slice(0, 16);
}
