import { expect, it } from "vitest";
import { keyer } from "../../src/sessions/keyer.ts";

const { sid } = keyer(crypto.subtle);
const SALT = "00112233445566778899aabbccddeeff";

it("names the same session for the same salt, source and value, and another for any other", async () => {
  const all = await Promise.all([
    sid(SALT, "web header x-user\n", "ann"),
    sid(SALT, "web header x-user\n", "bob"),
    sid(SALT, "web query user\n", "ann"),
    sid(SALT, "api header x-user\n", "ann"),
    sid("ff112233445566778899aabbccddeeff", "web header x-user\n", "ann"),
    // A label can take nothing over from the value.
    sid(SALT, "web header x-user\na", "nn"),
  ]);
  expect(new Set(all).size).toBe(all.length);
  for (const text of all) expect(text).toMatch(/^[0-9a-f]{32}$/);
  expect(await sid(SALT, "web header x-user\n", "ann")).toBe(all[0]);
});

it("has frozen placements: another sid for a value would end every keyed session", async () => {
  expect(await sid(SALT, "web client-ip\n", "c0000201")).toMatchInlineSnapshot(
    `"f9b6f60c4b8f027f95847cc50dc8102d"`,
  );
});
