import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";

/** Two edges and the durable store; a split that an operator rolls back, and another that goes over. */
describe("a canary in an operator's hands", () => {
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await startFleet({
      edges: 2,
      pods: 4,
      config: (pods) => ({
        version: 1,
        explain: true,
        pools: { web: { pods: pods.slice(0, 2) }, canary: { pods: pods.slice(2) } },
        routes: [{ split: { web: 50, canary: 50 } }],
      }),
    });
  }, 60_000);
  afterAll(async () => fleet?.stop());

  const patch = (pool: string, body: object) =>
    fleet.admin.send<{ pods: { id: string; state: string }[]; weight: number | null }>(
      "PATCH",
      `/v1/pools/${pool}`,
      { body },
    );

  async function crowd(): Promise<{ jar: Jar; pool: string; body: string }[]> {
    const all = [];
    for (let i = 0; i < 24; i++) {
      const jar = new Jar();
      const answer = await jar.get(fleet.edges[i % 2]!.url);
      all.push({ jar, pool: String(decision(answer).pool), body: answer.body });
    }
    return all;
  }
  const ask = ({ jar }: { jar: Jar }, edge: number) => jar.get(fleet.edges[edge]!.url);

  it("rolled back loses its sessions, each once, and nobody else's move", async () => {
    const all = await crowd();
    // All 24 on one side has a chance of 2 to the power of -23.
    expect(new Set(all.map(({ pool }) => pool)).size).toBe(2);
    const { json, status } = await patch("canary", { state: "rolled-back" });
    expect(status).toBe(200);
    expect(json.pods.map(({ state }) => state)).toEqual(["rolled-back", "rolled-back"]);
    for (const one of all) {
      const first = await ask(one, 0);
      if (one.pool === "canary") {
        expect(decision(first)).toMatchObject({ outcome: "moved", pool: "web", cause: "canary-rollback" });
      } else expect([first.body, decision(first).outcome]).toEqual([one.body, "kept"]);
      const second = await ask(one, 1);
      expect([second.body, decision(second).outcome]).toEqual([first.body, "kept"]);
    }
    // New sessions find the other side, whatever the weights say.
    for (let i = 0; i < 8; i++) {
      expect(decision(await new Jar().get(fleet.edges[0]!.url)).pool).toBe("web");
    }
    expect((await patch("canary", { state: "ready" })).status).toBe(200);
  });

  it("promoted takes the primary's sessions at the deadline, and no sooner", async () => {
    const all = (await crowd()).filter(({ pool }) => pool === "web");
    const { json } = await patch("web", { state: "retiring", deadline: "3s" });
    expect(json.pods.map(({ state }) => state)).toEqual(["retiring", "retiring"]);
    expect(decision(await ask(all[0]!, 0)).outcome).toBe("kept");
    await expect
      .poll(async () => decision(await ask(all[0]!, 0)).outcome, { timeout: 15_000, interval: 200 })
      .toBe("moved");
    for (const one of all.slice(1)) {
      const answer = await ask(one, 0);
      expect(decision(answer)).toMatchObject({ outcome: "moved", pool: "canary", cause: "canary-promote" });
    }
  });

  /** The pools of new sessions at an edge. */
  async function places(edge: number, count = 24): Promise<Set<string>> {
    const url = fleet.edges[edge]!.url;
    const answers = await Promise.all(Array.from({ length: count }, () => new Jar().get(url)));
    return new Set(answers.map((answer) => String(decision(answer).pool)));
  }
  /** The other edge hears of an order with its heartbeat. */
  const everywhere = async (pools: readonly string[]) => {
    expect(await places(0)).toEqual(new Set(pools));
    await expect.poll(() => places(1), { timeout: 10_000, interval: 100 }).toEqual(new Set(pools));
  };
  const config = () => fleet.admin.config();

  it("paused takes no new session and keeps those it has, and goes on when it is ready", async () => {
    expect((await patch("web", { state: "ready" })).status).toBe(200);
    const all = await crowd();
    const { json } = await patch("canary", { state: "paused" });
    expect(json.pods.map(({ state }) => state)).toEqual(["paused", "paused"]);
    await everywhere(["web"]);
    for (const [i, one] of all.entries()) {
      expect([(await ask(one, i % 2)).body, decision(await ask(one, 0)).outcome]).toEqual([one.body, "kept"]);
    }
    const { breaks } = await fleet.breaks();
    expect(breaks.filter(({ cause }) => !cause.startsWith("canary-"))).toEqual([]);
    expect((await patch("canary", { state: "ready" })).status).toBe(200);
    await everywhere(["web", "canary"]);
  });

  it("takes its weight from the operator: over a PUT and a crash, in no ETag, and moving nobody who is bound", async () => {
    const all = await crowd();
    const before = await config();
    // Down to nothing, up to all, and back to what the config says.
    expect((await patch("canary", { weight: 0 })).json).toMatchObject({ pool: "canary", weight: 0 });
    expect((await config())?.etag).toBe(before?.etag);
    await everywhere(["web"]);
    expect((await patch("web", { weight: 0 })).json).toMatchObject({ code: "no-weight" });
    expect((await patch("canary", { weight: 100 })).status).toBe(200);
    expect((await patch("web", { weight: 0 })).status).toBe(200);
    await everywhere(["canary"]);
    expect((await fleet.admin.putConfig(before!.config)).status).toBe(200);
    await fleet.coordinator.restart();
    await expect
      .poll(async () => (await fleet.admin.get("/v1/pools")).json, { timeout: 10_000 })
      .toMatchObject({
        pools: [
          { name: "web", weight: 0 },
          { name: "canary", weight: 100 },
        ],
      });
    await everywhere(["canary"]);
    for (const [i, one] of all.entries()) {
      expect([(await ask(one, i % 2)).body, decision(await ask(one, 0)).outcome]).toEqual([one.body, "kept"]);
    }
    for (const pool of ["web", "canary"])
      expect((await patch(pool, { weight: null })).json).toMatchObject({ weight: null });
    await everywhere(["web", "canary"]);
    expect(JSON.stringify((await fleet.admin.get("/v1/pools")).json)).not.toContain('"weight"');
  });

  it.each([
    [{}, "state"],
    [{ state: "draining" }, "state"],
    [{ state: "rolled-back", deadline: "5m" }, "deadline"],
    [{ state: "retiring", deadline: "soon" }, "deadline"],
    [{ state: "paused", deadline: "5m" }, "deadline"],
    [{ weight: -1 }, "weight"],
    [{ weight: 1.5 }, "weight"],
    [{ weight: "5" }, "weight"],
    [{ weight: 5, deadline: "5m" }, "state"],
  ])("refuses %j, and says what to write", async (body, path) => {
    const answer = await patch("canary", body);
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ errors: [{ path }] });
  });

  it("knows no pool that there is not", async () => {
    expect((await patch("nope", { state: "ready" })).status).toBe(404);
    expect((await patch("nope", { weight: 1 })).status).toBe(404);
  });
});
