import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { type Relay, startRelay } from "../support/relay.ts";
import { ADMIN, type Stack, startStack } from "../support/stack.ts";

describe("the heartbeat, with a relay that spoils it", () => {
  let pods: TestPod[];
  let relay: Relay;
  let stack: Stack;
  const config = (pool: string) => ({
    version: 1,
    explain: true,
    pools: Object.fromEntries(pods.map(({ id, url }) => [id, { pods: [{ id, url }], affinity: "none" }])),
    routes: [{ pool }],
  });

  beforeAll(async () => {
    pods = await Promise.all(
      ["a", "b"].map((id) =>
        startPod(id, (request, response) => {
          setTimeout(() => response.end(id), request.url === "/slow" ? 3000 : 0);
        }),
      ),
    );
    relay = await startRelay();
    stack = await startStack({ config: config("a"), env: { MOORING_COORDINATOR_URL: relay.url } });
    relay.target = stack.coordinator.url;
    while ((await call(stack.url)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 100));
  });
  afterAll(async () => {
    await stack?.stop();
    await relay?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  const headers = { authorization: `Bearer ${ADMIN}` };
  /** Requests that were answered 200, as the coordinator counts them. */
  async function counted(): Promise<number> {
    const { body } = await call(`${stack.coordinator.url}/_mooring/metrics`, { headers });
    return [...body.matchAll(/^mooring_requests_total\{.*code="200"\} ([0-9]+)$/gm)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
  }
  async function until(condition: () => Promise<boolean> | boolean, ms = 15_000): Promise<void> {
    const deadline = Date.now() + ms;
    while (!(await condition()) && Date.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const settled = async () => {
    let last = -1;
    await until(async () => {
      const now = await counted();
      const same = now === last;
      last = now;
      if (!same) await new Promise((resolve) => setTimeout(resolve, 2500));
      return same;
    }, 25_000);
    return last;
  };

  it("holds a PUT in the edge's own view before it answers, though a heartbeat was on its way", async () => {
    relay.mode = "delay";
    for (let i = 0; i < 8; i++) {
      const pool = i % 2 === 0 ? "b" : "a";
      void call(stack.url);
      expect((await stack.put(config(pool))).status).toBe(200);
      expect(decision(await call(stack.url)).pool).toBe(pool);
    }
    relay.mode = "pass";
  });

  it("counts a request once though the answer to its heartbeat is lost, and loses none", async () => {
    const before = await settled();
    relay.mode = "lose";
    for (let i = 0; i < 10; i++) await call(stack.url);
    const beats = relay.beats;
    await until(() => relay.beats > beats + 2);
    relay.mode = "pass";
    expect((await settled()) - before).toBe(10);
  });

  it("tells of a long request though no other follows it", async () => {
    const before = await settled();
    await call(`${stack.url}/slow`);
    await until(async () => (await counted()) > before, 6000);
    expect((await counted()) - before).toBe(1);
  });

  it("goes on after an answer that never ended: it was deaf for ever", async () => {
    relay.mode = "stall";
    const beats = relay.beats;
    await call(stack.url);
    await until(() => relay.beats > beats);
    relay.mode = "pass";
    const { pool } = decision(await call(stack.url));
    const other = pool === "a" ? "b" : "a";
    await stack.put(config(other));
    await until(async () => decision(await new Jar().get(stack.url)).pool === other, 20_000);
    expect(decision(await call(stack.url)).pool).toBe(other);
  });
});
