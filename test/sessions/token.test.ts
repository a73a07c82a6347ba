import { webcrypto } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import type { Chance } from "../../src/model/ports.ts";
import { badSecret, keyRing, type Secrets } from "../../src/sessions/keyring.ts";
import { type Sealer, sealer, TOKEN_LENGTH, type Token } from "../../src/sessions/token.ts";

const subtle = webcrypto.subtle as SubtleCrypto;
const chance: Chance = {
  word: () => webcrypto.getRandomValues(new Uint32Array(1))[0]!,
  bytes: (length) => webcrypto.getRandomValues(new Uint8Array(length)),
};
const SECRET = "current-secret-of-at-least-32-bytes!";
const OLD = "previous-secret-of-at-least-32-bytes";
const COMING = "next-secret-of-at-least-thirty-two-b";

const TOKEN: Token = {
  sid: "00112233445566778899aabbccddeeff",
  pod: 0xfedcba987654,
  home: 0x000000000001,
  epoch: 0xfffffffe,
  iat: 1_700_000_000,
  exp: 1_700_043_200,
  flags: 1,
};

async function sealerOf(secrets: Secrets): Promise<Sealer> {
  return sealer(subtle, await keyRing(subtle, secrets), chance);
}

describe("the token", () => {
  let ours: Sealer;
  beforeAll(async () => {
    ours = await sealerOf({ current: SECRET });
  });

  it("is 96 characters of base64url and opens to what was sealed", async () => {
    const text = await ours.seal("web", TOKEN);
    expect(text).toMatch(/^[A-Za-z0-9_-]{96}$/);
    expect(text).toHaveLength(TOKEN_LENGTH);
    expect(await ours.open("web", text)).toEqual({ token: TOKEN, stale: false, retired: false });
  });

  it("is another text each time, as its nonce is random", async () => {
    expect(await ours.seal("web", TOKEN)).not.toBe(await ours.seal("web", TOKEN));
  });

  it("opens in no other scope and under no other secret", async () => {
    const text = await ours.seal("web", TOKEN);
    expect(await ours.open("api", text)).toBeUndefined();
    expect(await ours.open("webx", text)).toBeUndefined();
    const others = await sealerOf({ current: OLD });
    expect(await others.open("web", text)).toBeUndefined();
  });

  it("is refused with any one bit flipped", async () => {
    const bytes = Buffer.from(await ours.seal("web", TOKEN), "base64url");
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3]! ^= 1 << (bit & 7);
      expect(await ours.open("web", flipped.toString("base64url")), `bit ${bit}`).toBeUndefined();
    }
  });

  it("is refused cut, prolonged, in another alphabet, or as garbage", async () => {
    const text = await ours.seal("web", TOKEN);
    const bad = [
      text.slice(0, 95),
      `${text}A`,
      `${text.slice(0, 95)}+`,
      `${text.slice(0, 95)}\u{1F600}`.slice(0, 96),
      "\u0141".repeat(96),
      "",
      "=".repeat(96),
    ];
    for (const candidate of bad) expect(await ours.open("web", candidate)).toBeUndefined();
  });

  it("goes through a rotation: next verifies, previous is accepted and stale, retired is refused", async () => {
    const before = await sealerOf({ current: OLD, next: SECRET });
    const during = await sealerOf({ current: SECRET, previous: OLD, next: COMING });
    const after = await sealerOf({ current: COMING, previous: SECRET });
    const old = await before.seal("web", TOKEN);
    const fresh = await during.seal("web", TOKEN);
    expect(await before.open("web", fresh)).toEqual({ token: TOKEN, stale: false, retired: false });
    expect(await during.open("web", old)).toEqual({ token: TOKEN, stale: true, retired: false });
    expect(await after.open("web", fresh)).toEqual({ token: TOKEN, stale: true, retired: false });
    expect(await after.open("web", old)).toBeUndefined();
    // Kept for the ledger, it still tells whose token it was, and that it is out.
    const naming = await sealerOf({ current: COMING, previous: SECRET, retired: OLD });
    expect(await naming.open("web", old)).toEqual({ token: TOKEN, stale: false, retired: true });
  });
});

describe("secrets", () => {
  it("names the variable that is missing or short", () => {
    expect(badSecret({ current: undefined })).toBe("MOORING_SECRET");
    expect(badSecret({ current: "short" })).toBe("MOORING_SECRET");
    expect(badSecret({ current: SECRET, next: "short" })).toBe("MOORING_SECRET_NEXT");
    expect(badSecret({ current: SECRET, previous: "short" })).toBe("MOORING_SECRET_PREVIOUS");
    expect(badSecret({ current: SECRET, retired: "short" })).toBe("MOORING_SECRET_RETIRED");
    expect(badSecret({ current: SECRET, previous: "", next: undefined })).toBeUndefined();
  });
});
