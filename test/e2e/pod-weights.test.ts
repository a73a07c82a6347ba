import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";

interface Listed {
  readonly id: string;
  readonly weight: number;
  readonly configWeight: number;
}

/** Two edges and the durable store; pods that an operator gives more and less of what is new. */
describe("the weights of pods in an operator's hands", () => {
  let fleet: Fleet;
  const policies = ["consistent-hash", "least-request", "peak-ewma", "round-robin", "random"];

  beforeAll(async () => {
    fleet = await startFleet({
      edges: 2,
      pods: 3,
      config: (pods) => ({
        version: 1,
        explain: true,
        pools: Object.fromEntries(policies.map((policy) => [policy, { policy, pods }])),
        routes: policies.map((pool) => ({ path: `/${pool}`, pool })),
      }),
    });
  }, 60_000);
  afterAll(async () => fleet?.stop());

  const patch = (pool: string, pod: string, body: object, edge = 0) =>
    fleet.admin.send<Listed & { code: string }>("PATCH", `/v1/pools/${pool}/pods/${pod}`, { body, edge });
  const listed = async (pool: string, edge = 0) =>
    (await fleet.admin.get<{ pods: Listed[] }>(`/v1/pools/${pool}/pods`, edge)).json.pods.map(
      ({ id, weight, configWeight }) => `${id} ${weight}/${configWeight}`,
    );
  const at = (edge: number, pool: string) => `${fleet.edges[edge]!.url}/${pool}`;
  const ask = async (jar: Jar, edge: number, pool: string) => decision(await jar.get(at(edge, pool)));

  /** How many of so many new sessions each pod got. */
  async function shares(edge: number, pool: string, count: number): Promise<Record<string, number>> {
    const found: Record<string, number> = { "web-0": 0, "web-1": 0, "web-2": 0 };
    for (let i = 0; i < count; i++) found[String((await ask(new Jar(), edge, pool)).pod)]!++;
    return found;
  }
  /** The other edge hears of an order with its heartbeat. */
  const without = (pool: string, pod: string) =>
    expect.poll(async () => (await shares(1, pool, 24))[pod], { timeout: 10_000, interval: 100 }).toBe(0);

  it.each(policies)("make the shares of new sessions by %s at both edges, and move nobody", async (pool) => {
    const bound = await Promise.all(
      Array.from({ length: 24 }, async (_, i) => {
        const jar = new Jar();
        return { jar, pod: (await ask(jar, i % 2, pool)).pod };
      }),
    );
    const before = await fleet.admin.config();
    expect((await patch(pool, "web-1", { weight: 3 })).status).toBe(200);
    // The last of both: an edge that has heard it has heard the other.
    expect((await patch(pool, "web-0", { weight: 0 })).json).toMatchObject({ weight: 0, configWeight: 1 });
    expect((await fleet.admin.config())?.etag).toBe(before?.etag);
    await without(pool, "web-0");
    for (const edge of [0, 1]) {
      const { "web-0": none, "web-1": most = 0 } = await shares(edge, pool, 80);
      expect(none).toBe(0);
      // It goes by how fast pods were lately, and by the weights only beside that.
      if (pool === "peak-ewma") continue;
      // 60 of 80; less than 45 or more than 75 would be nearly four deviations (3.9) away.
      expect(most).toBeGreaterThan(44);
      expect(most).toBeLessThan(76);
    }
    // Of 24 sessions one in three was on web-0; that none was has a chance of 6 in 100,000 at most.
    expect(bound.some(({ pod }) => pod === "web-0")).toBe(true);
    for (const [i, { jar, pod }] of bound.entries()) {
      expect(await ask(jar, i % 2, pool)).toMatchObject({ outcome: "kept", pod });
      expect(await ask(jar, (i + 1) % 2, pool)).toMatchObject({ outcome: "kept", pod });
    }
    expect((await fleet.breaks()).breaks).toEqual([]);
  });

  it("are seen by lists, explain and plan, with what the config says", async () => {
    const [pool] = policies as [string];
    expect(await listed(pool, 1)).toEqual(["web-0 0/1", "web-1 3/1", "web-2 1/1"]);
    const { json } = await fleet.admin.send<{ pod: string; steps: object[] }>("POST", "/v1/explain", {
      body: { url: at(0, pool) },
    });
    expect(JSON.stringify(json.steps)).toMatch(/"pod":"web-0","weight":0,[^}]*"why":"weight 0"/);
    expect(JSON.stringify(json.steps)).toContain('"pod":"web-1","weight":3');
    expect(json.pod).not.toBe("web-0");
    // The same config once more: nobody moves, and the shares are those of now.
    const { config } = (await fleet.admin.config())!;
    const plan = await fleet.admin.send<{ summary: object; keys: object; balance: object[] }>(
      "POST",
      "/v1/plan",
      { body: config },
    );
    expect(plan.json.summary).toMatchObject({ moved: 0 });
    expect(plan.json.balance).toContainEqual(
      expect.objectContaining({
        pool,
        pod: "web-1",
        before: expect.objectContaining({ share: 0.75 }),
        after: expect.objectContaining({ share: 0.75 }),
      }),
    );
  });

  it("outlive a PUT and a crash of the coordinator, and the edges that come after it", async () => {
    const [pool] = policies as [string];
    const { config } = (await fleet.admin.config())!;
    expect((await fleet.admin.putConfig(config)).status).toBe(200);
    expect((await shares(0, pool, 24))["web-0"]).toBe(0);
    await fleet.coordinator.restart();
    await expect
      .poll(() => listed(pool).catch(() => []), { timeout: 10_000 })
      .toEqual(["web-0 0/1", "web-1 3/1", "web-2 1/1"]);
    await fleet.edges[1]!.restart();
    await without(pool, "web-0");
    expect((await shares(0, pool, 24))["web-0"]).toBe(0);
  });

  it("are taken back by null, and are the config's again", async () => {
    const [pool] = policies as [string];
    expect((await patch(pool, "web-1", { weight: 0 })).status).toBe(200);
    expect(await patch(pool, "web-2", { weight: 0 })).toMatchObject({
      status: 409,
      json: { code: "no-weight" },
    });
    for (const pod of ["web-0", "web-1"]) {
      expect((await patch(pool, pod, { weight: null }, 1)).json).toMatchObject({
        weight: 1,
        configWeight: 1,
      });
    }
    expect(await listed(pool)).toEqual(["web-0 1/1", "web-1 1/1", "web-2 1/1"]);
    for (const edge of [0, 1]) {
      await expect
        .poll(async () => Math.min(...Object.values(await shares(edge, pool, 24))), { timeout: 10_000 })
        .toBeGreaterThan(0);
    }
  });

  it.each([
    [{ weight: -1 }, "weight"],
    [{ weight: 1.5 }, "weight"],
    [{ weight: 1_000_001 }, "weight"],
    [{ weight: "5" }, "weight"],
    [{ weight: 5, deadline: "5m" }, "state"],
    [{ weight: 5, state: "paused" }, "state"],
    [{ wieght: 5 }, "wieght"],
    [{}, "state"],
  ])("refuse %j, and say what to write", async (body, path) => {
    const answer = await patch("random", "web-2", body);
    expect(answer).toMatchObject({ status: 422, json: { errors: [{ path, hint: expect.any(String) }] } });
  });

  it("are of pods that there are", async () => {
    expect(await patch("random", "web-9", { weight: 1 })).toMatchObject({
      status: 404,
      json: { code: "no-such-pod" },
    });
    expect((await patch("nope", "web-0", { weight: 1 })).status).toBe(404);
  });
});
