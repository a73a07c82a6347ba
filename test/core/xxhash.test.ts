import { describe, expect, it } from "vitest";
import { instantiate } from "../../src/core/abi.ts";
import { Keys, utf8 } from "../../src/core/keys.ts";
import { coreBytes } from "../support/core.ts";
import { hashOfAll } from "../support/reference/envoy.ts";
import { xx64 } from "../support/reference/xxhash.ts";
import { seeded } from "../support/seeded.ts";

const abi = instantiate(new WebAssembly.Module(coreBytes()));
const keys = new Keys(abi);

function inCore(key: string | Uint8Array): bigint {
  abi.hashKey(keys.copy(key));
  return new BigUint64Array(abi.memory.buffer, abi.HASH.value as number, 1)[0]!;
}

describe("xxHash64", () => {
  it.each([
    ["", 0xef46db3751d8e999n],
    ["a", 0xd24ec4f1a98c6e5bn],
    ["abc", 0x44bc2cf5ad770999n],
    ["The quick brown fox jumps over the lazy dog", 0x0b242d361fda71bcn],
    // As Envoy hashes them.
    ["session-339564", 15160761212576307650n],
    ["198.51.100.138", 12134854356512606146n],
    ["2001:db8::7", 13898055433780384174n],
  ])("of %j is everybody's, in the core and the reference", (text, hash) => {
    expect(inCore(text)).toBe(hash);
    expect(xx64(utf8(text))).toBe(hash);
  });

  it("is the reference's for any length and bytes", () => {
    const chance = seeded(1);
    for (let length = 0; length < 200; length++) {
      const bytes = chance.bytes(length);
      expect(inCore(bytes), `${length} bytes`).toBe(xx64(bytes));
    }
    const text = "é".repeat(1000);
    expect(inCore(text)).toBe(xx64(utf8(text)));
  });

  it("of several texts is that of each, those before turned left by a bit", () => {
    inCore("alice");
    abi.chainKey(keys.copy("eu"));
    abi.chainKey(keys.copy(""));
    const hash = new BigUint64Array(abi.memory.buffer, abi.HASH.value as number, 1)[0]!;
    expect(hash).toBe(hashOfAll(["alice", "eu", ""]));
    // 8332761332120969289 is that of "alice" as Envoy has it.
    const [alice, eu] = [8332761332120969289n, xx64(utf8("eu"))];
    expect(hashOfAll(["alice", "eu"])).toBe(BigInt.asUintN(64, alice << 1n) ^ (alice >> 63n) ^ eu);
  });

  it("has a seed", () => {
    // As xxhsum of the seed 1 has it of nothing.
    expect(xx64(utf8(""), 1n)).toBe(0xd5afba1336a3be4bn);
  });
});
