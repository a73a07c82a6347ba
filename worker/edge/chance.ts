import type { Chance } from "../../src/model/ports.ts";

/** Words are drawn in blocks: one call for many picks. */
const block = new Uint32Array(256);
let used = block.length;

/** The platform's cryptographic source. */
export const chance: Chance = {
  word() {
    if (used === block.length) {
      crypto.getRandomValues(block);
      used = 0;
    }
    return block[used++]!;
  },
  bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
};
