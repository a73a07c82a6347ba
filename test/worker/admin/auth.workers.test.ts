import { Hono } from "hono";
import { afterEach, expect, it, vi } from "vitest";
import { requires } from "../../../worker/admin/auth.ts";
import type { Env } from "../../../worker/env.ts";

const TOKENS: Env = {
  MOORING_ADMIN_TOKEN: "admin-token-of-some-length",
  MOORING_DRAIN_TOKEN: "drain-token",
  MOORING_READ_TOKEN: "read-token",
};
let clients = 0;
const app = new Hono<{ Bindings: Env }>();
app.get(
  "/",
  requires("read", async () => `192.0.2.${++clients}`),
  (c) => c.text("in"),
);
const ask = (token: string, env = TOKENS) =>
  app.request("/", { headers: { authorization: `Bearer ${token}` } }, env);

afterEach(() => {
  vi.restoreAllMocks();
});

it("does the same work for every token, right or wrong, near or far: the time tells nothing", async () => {
  const digest = vi.spyOn(crypto.subtle, "digest");
  const work = async (token: string) => {
    digest.mockClear();
    const { status } = await ask(token);
    return [status, digest.mock.calls.length];
  };
  const [first = "", ...others] = Object.values(TOKENS) as string[];
  for (const right of [first, ...others]) expect(await work(right)).toEqual([200, 6]);
  for (const wrong of ["x", first.slice(0, -1), `${first}x`, `${first.slice(0, -1)}!`, "x".repeat(4096)]) {
    expect(await work(wrong)).toEqual([401, 6]);
  }
  // Compared are digests, whole: what is read of a token, and how far, depends on nothing that it says.
  for (const [algorithm] of digest.mock.calls) expect(algorithm).toBe("SHA-256");
});

it("compares with those that are set alone: an empty one lets nobody in", async () => {
  for (const token of ["", "undefined", "null"]) {
    expect((await ask(token, { MOORING_ADMIN_TOKEN: "", MOORING_READ_TOKEN: "read-token" })).status).toBe(
      401,
    );
  }
  expect((await ask("", { MOORING_ADMIN_TOKEN: "" })).status).toBe(503);
});
