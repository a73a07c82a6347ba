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
    fleet.admin.send<{ pods: { id: string; state: string }[] }>("PATCH", `/v1/pools/${pool}`, { body });

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

  it.each([
    [{}, "state"],
    [{ state: "draining" }, "state"],
    [{ state: "rolled-back", deadline: "5m" }, "deadline"],
    [{ state: "retiring", deadline: "soon" }, "deadline"],
    [{ state: "ready", weight: 5 }, "weight"],
  ])("refuses %j, and says what to write", async (body, path) => {
    const answer = await patch("canary", body);
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ errors: [{ path }] });
  });

  it("knows no pool that there is not", async () => {
    expect((await patch("nope", { state: "ready" })).status).toBe(404);
  });
});
