import { expect, it } from "vitest";
import { tagToHex } from "../../../src/model/pod.ts";
import { DurableStore, SHARDS } from "../../../worker/sessions/durable.ts";
import type { Command } from "../../../worker/sessions/redis.ts";
import { UpstashStore } from "../../../worker/sessions/upstash.ts";
import { encodeBinding } from "../../../worker/sessions/value.ts";
import { binding, KEEP, NOW } from "../../support/bindings.ts";

// GET /pools asked pod by pod: a minute for ten thousand pods, and sixteen shards for each.
const PODS = Array.from({ length: 10_000 }, (_, i) => 7 * i + 1);
const HELD = [PODS[3]!, PODS[5000]!, PODS[9999]!];

/** The embedded store over shards that have a session of each of these pods, and what it asks them. */
function durable() {
  const asked: { method: string; args: unknown[] }[] = [];
  const store = new DurableStore(async (shard, body) => {
    const call = JSON.parse(body) as { method: string; args: unknown[] };
    asked.push(call);
    const counts = HELD.map((pod) => [tagToHex(pod), 1]);
    const pods = call.args[0] as number[] | null;
    const rows = HELD.filter((pod) => pods?.includes(pod)).map((pod, i) => {
      const sid = `${shard.toString(16)}${String(i).padStart(31, "0")}`;
      return [sid, encodeBinding(binding({ sid, pod })), KEEP.expires];
    });
    return Response.json({ result: call.method === "count" ? counts : rows });
  });
  return { store, asked };
}

it("asks each shard of the embedded store once to count ten thousand pods, and names none of them", async () => {
  const { store, asked } = durable();
  const counts = await store.count(PODS, NOW);
  expect(PODS.filter((_, i) => counts[i] === SHARDS)).toEqual(HELD);
  expect(counts.reduce((sum, live) => sum + live, 0)).toBe(HELD.length * SHARDS);
  expect(asked).toHaveLength(SHARDS);
  expect(Math.max(...asked.map((call) => JSON.stringify(call).length))).toBeLessThan(100);
});

it("asks each shard twice to list ten thousand pods, and the second time about those that have sessions", async () => {
  const { store, asked } = durable();
  const page = await store.list(PODS, NOW, 20, undefined);
  expect(page.sessions).toHaveLength(20);
  expect(asked.map(({ method }) => method)).toEqual([
    ...Array(SHARDS).fill("count"),
    ...Array(SHARDS).fill("list"),
  ]);
  for (const { args } of asked.slice(SHARDS)) expect(args[0]).toEqual(HELD);
  const rest = await store.list(PODS, NOW, 100, page.cursor);
  expect(rest.cursor).toBeUndefined();
  expect(asked).toHaveLength(4 * SHARDS);
});

it("asks Redis in pipelines of a bounded length", async () => {
  const sizes: number[] = [];
  const pipeline = async (commands: readonly Command[]) => {
    sizes.push(commands.length);
    return commands.map(([name, key]) => (name === "ZCOUNT" && key === "mooring:p:000000000016" ? 2 : 0));
  };
  const run = async () => {
    throw new Error("one by one");
  };
  const store = new UpstashStore({ run, pipeline });
  const counts = await store.count(PODS, NOW);
  expect(counts.map((live, i) => [i, live]).filter(([, live]) => live !== 0)).toEqual([[3, 2]]);
  expect(sizes).toHaveLength(20);
  // The indexes are trimmed while they are counted, once a minute.
  expect(Math.max(...sizes)).toBe(1500);
  await store.count(PODS, NOW + 1);
  expect(sizes.slice(20)).toEqual(Array(20).fill(500));
});
