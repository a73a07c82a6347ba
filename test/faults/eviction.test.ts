import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";

const missing = findRedisServer() === undefined;
if (missing) {
  console.error("NO redis-server ON PATH: no isolate is evicted");
  if (process.env.CI === "true") throw new Error("CI needs a redis-server on PATH");
}

describe.skipIf(missing)("isolate evicted", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ edges: 2, pods: 3, redis: true });
  });
  afterAll(() => fleet?.stop());

  /** A cold edge on a busy machine may ask for its config in vain at first. */
  const ready = () =>
    Promise.all(
      fleet.edges.map(({ url }) =>
        eventually(
          () => new Jar().get(`${url}/_mooring/readyz`),
          ({ status }) => status === 200,
        ),
      ),
    );

  it("nothing needed it: a new one keeps every session, asks the store nothing, and no POST came twice", async () => {
    await ready();
    const jars = await Promise.all(
      Array.from({ length: 30 }, async (_, i) => {
        const jar = new Jar();
        return { jar, pod: (await jar.get(fleet.edges[i % 2]!.url)).body, cookie: jar.cookie };
      }),
    );
    // The process and all that it holds: an eviction takes less.
    await Promise.all(fleet.edges.map((edge) => edge.restart()));
    await ready();
    const commands = async () => {
      const { evalsha = 0, eval: whole = 0, set = 0, getex = 0 } = await fleet.redis!.commandstats();
      return evalsha + whole + set + getex;
    };
    const before = await commands();
    for (const [i, { jar, pod, cookie }] of jars.entries()) {
      const headers = { "x-request-id": `evicted-${i}` };
      const kept = await jar.post(fleet.edges[(i + 1) % 2]!.url, { headers, body: "x" });
      expect([kept.status, kept.body, decision(kept).outcome, jar.cookie]).toEqual([
        200,
        pod,
        "kept",
        cookie,
      ]);
    }
    expect(await commands()).toBe(before);
    const ids = fleet.pods.flatMap((pod) => pod.arrivals({ method: "POST" })).map(({ id }) => id);
    expect([ids.length, new Set(ids).size]).toEqual([30, 30]);
  });
});
