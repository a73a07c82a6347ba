import { expect, it } from "vitest";
import type { Env } from "../../../worker/env.ts";
import { openStore } from "../../../worker/sessions/open.ts";

const TOKEN = "5ecret-t0ken";
const VALUE = "what-no-log-may-have";

it.each([
  ["redis://host:6379", TOKEN, "UPSTASH_REDIS_REST_URL"],
  ["https://", TOKEN, "UPSTASH_REDIS_REST_URL"],
  [`https://user:${VALUE}@host`, TOKEN, "UPSTASH_REDIS_REST_URL"],
  [`https://host/?token=${VALUE}`, TOKEN, "UPSTASH_REDIS_REST_URL"],
  ["https://host", `${VALUE}\n`, "UPSTASH_REDIS_REST_TOKEN"],
  ["https://host", `${VALUE} ${TOKEN}`, "UPSTASH_REDIS_REST_TOKEN"],
  ["https://host", `${VALUE}é`, "UPSTASH_REDIS_REST_TOKEN"],
])(
  "is not made for %j with %j: each request would fail, and its error could tell what is secret",
  async (url, token, name) => {
    const env = { UPSTASH_REDIS_REST_URL: url, UPSTASH_REDIS_REST_TOKEN: token } as Env;
    const { store, snapshot, problem } = openStore(env);
    expect(problem).toContain(name);
    expect(problem).not.toContain(VALUE);
    expect([store.kind, snapshot]).toEqual(["none", undefined]);
    await expect(store.read("0".repeat(32))).rejects.toThrow(name);
  },
);
