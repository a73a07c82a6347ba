import { expect, it } from "vitest";
import { inParallel } from "../../tools/fleet/wait.ts";
import { type Answer, call, decision } from "../support/client.ts";
import { useFaults } from "../support/faults.ts";

const faults = useFaults({ flips: {}, sizes: {} });

/** A client's cookie, name and token. */
async function cookieOf(pool: string): Promise<{ name: string; token: string; pod: string }> {
  const { jar, pod } = await faults.bound(pool);
  const [[name, token] = ["", ""]] = jar.cookies;
  expect(token).toMatch(/^[\w-]{96}$/);
  return { name, token, pod: pod.id };
}
const ask = (pool: string, cookie: string): Promise<Answer> =>
  call(`${faults.stack.url}/${pool}`, { headers: { cookie } });

/** As if there were no cookie: 200, a new session, its own cookie. */
function expectNone(answer: Answer, what: string): void {
  const [line = "", ...more] = answer.headers["set-cookie"] ?? [];
  expect([answer.status, decision(answer).outcome, more], what).toEqual([200, "bound", []]);
  expect(line, what).toMatch(/=[\w-]{96}; /);
}

it("token bit flips, all bits: as if no cookie", async () => {
  const { name, token } = await cookieOf("flips");
  const bytes = Buffer.from(token, "base64url");
  expect(bytes.length).toBe(72);
  await inParallel(Array(8 * bytes.length).keys(), 16, async (bit) => {
    const flipped = Buffer.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expectNone(await ask("flips", `${name}=${flipped.toString("base64url")}`), `bit ${bit}`);
  });
  expect(decision(await ask("flips", `${name}=${token}`)).outcome).toBe("kept");
});

it("token truncation, another alphabet, 8 KB, 200 duplicates, 400 cookies: as if no cookie", async () => {
  const { name, token, pod } = await cookieOf("sizes");
  const texts = [
    ...Array.from({ length: 96 }, (_, length) => token.slice(0, length)),
    token.slice(1),
    `${token}=`,
    `${token}A`,
    // Another alphabet, whatever of it the token happens to hold: letters that base64url has not.
    ...["+", "/", "=", "%2D", ".", "é"].map((letter) => letter + token.slice(letter.length)),
    token.toLowerCase() === token ? token.toUpperCase() : token.toLowerCase(),
    Buffer.from(token, "base64url").toString("hex"),
    "A".repeat(8192),
    Array(200).fill("A".repeat(96)).join(`; ${name}=`),
  ];
  await inParallel(texts, 16, async (text) => {
    expectNone(await ask("sizes", `${name}=${text}`), text.slice(0, 100));
  });
  const others = Array.from({ length: 400 }, (_, i) => `c${i}=${i}`).join("; ");
  expectNone(await ask("sizes", others), "400 cookies");
  // Its own among 400 others is found all the same.
  const kept = await ask("sizes", `${others}; ${name}=${token}`);
  expect([kept.body.trim(), decision(kept).outcome]).toEqual([pod, "kept"]);
});
