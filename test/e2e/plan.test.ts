import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Plan } from "../../src/plan/plan.ts";
import { fractions } from "../../tools/chaos/chance.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { Crowd } from "../../tools/fleet/plan/crowd.ts";
import { startPods } from "../../tools/fleet/plan/pods.ts";

/** A plan of the API: against which revision it was made. */
type Answered = Plan & { readonly revision: number };

describe("POST /plan", () => {
  let fleet: Fleet;
  let pods: Awaited<ReturnType<typeof startPods>>;
  let crowd: Crowd;

  beforeAll(async () => {
    pods = await startPods();
    fleet = await startFleet({ pods: 0, config: () => undefined });
    const salt = async () => (await fleet.internal<{ salt: string }>("/config")).salt;
    const { url, admin, tokens } = fleet;
    crowd = new Crowd({ url, admin, tokens, salt, urlOf: pods.urlOf }, fractions(7), 120);
    await crowd.begin();
  });
  afterAll(async () => {
    await fleet?.stop();
    await pods?.stop();
  });

  const ask = (body: object | string, query = "") =>
    fleet.admin.send<Answered>("POST", `/v1/plan${query}`, { body });
  /** The document in force, whose pools have only pods that `keeps` keeps. */
  const thinned = async (keeps: (id: string) => boolean) => {
    const { config } = (await fleet.admin.config<{ pools: Record<string, { pods: { id: string }[] }> }>())!;
    const pools = Object.entries(config.pools).map(([name, pool]) => {
      return [name, { ...pool, pods: pool.pods.filter(({ id }) => keeps(id)) }];
    });
    return { ...config, pools: Object.fromEntries(pools) };
  };

  it("changes nothing, and names nobody for a config that is in force", async () => {
    const before = (await fleet.admin.config())!;
    const { status, json } = await ask(before.config);
    expect(status).toBe(200);
    expect(json).toMatchObject({ revision: before.revision, moves: [], routes: [], cursor: null });
    expect(json.summary).toMatchObject({ moved: 0, ended: 0, down: 0, exact: true, error: 0 });
    expect(json.summary.kept).toBe(json.summary.total);
    expect(json.keys.moved).toBe(0);
    await ask(await thinned((id) => id !== "p0"));
    expect((await fleet.admin.config())!.etag).toBe(before.etag);
    expect((await ask(before.config)).json.summary.moved).toBe(0);
  });

  it("counts sessions and shares of each pod before and after", async () => {
    const { moves, balance, keys, summary } = (await ask(await thinned((id) => id !== "p0"))).json;
    expect(moves.length).toBeGreaterThan(0);
    expect(
      moves.every(({ from, to, cause }) => from === "p0" && to !== "p0" && cause === "config-change"),
    ).toBe(true);
    const gone = balance.filter(({ pod }) => pod === "p0");
    expect(gone.every(({ after }) => after === null)).toBe(true);
    const sum = (side: "before" | "after") =>
      balance.reduce((all, row) => all + (row[side]?.sessions ?? 0), 0);
    expect(sum("before")).toBe(summary.total);
    expect(sum("after")).toBe(summary.total - summary.ended);
    expect(gone.reduce((all, { before }) => all + (before?.sessions ?? 0), 0)).toBe(moves.length);
    // About the share that those pods had of their pools' keys.
    expect(keys.moved).toBeGreaterThan(0.1);
    expect(keys.error).toBeLessThan(0.05);
  });

  it("tells the moves by pages that make up the whole", async () => {
    const document = await thinned((id) => id !== "p0" && id !== "p1");
    const whole = (await ask(document)).json.moves.map(({ sid }) => sid);
    const paged: string[] = [];
    let cursor = "";
    do {
      const { moves, cursor: next } = (await ask(document, `?limit=7&cursor=${cursor}`)).json;
      expect(moves.length).toBeLessThanOrEqual(7);
      paged.push(...moves.map(({ sid }) => sid));
      cursor = next ?? "";
    } while (cursor !== "");
    expect(paged).toEqual(whole);
    expect((await ask(document, "?cursor=x")).status).toBe(400);
    expect((await ask(document, "?limit=0")).status).toBe(400);
  });

  it("says who would be refused, and which routes would go elsewhere", async () => {
    const { json } = await ask(await thinned(() => false));
    expect(json.summary).toMatchObject({ moved: 0, kept: 0, down: json.summary.total });
    expect(json.notices).toContainEqual(expect.objectContaining({ object: "sessions" }));
    const { config } = (await fleet.admin.config<{ routes: object[] }>())!;
    const [, ...routes] = config.routes;
    const rest = (await ask({ ...config, routes })).json;
    expect(rest.routes).toEqual([
      { host: "a.test", path: "/", before: expect.stringMatching(/^pool-/), after: "" },
    ]);
    expect(rest.summary.ended).toBe(rest.summary.moved);
    expect(rest.summary.ended).toBe(40);
  });

  it("refuses what a PUT refuses, with the same errors", async () => {
    const bad = { version: 1, pools: { web: { pods: [{ id: "a" }], policy: "fair" } }, routes: [] };
    const { status, json } = await ask(bad);
    const put = await fleet.admin.putConfig(bad);
    expect([status, put.status]).toEqual([422, 422]);
    expect((json as unknown as { errors: unknown }).errors).toEqual(
      (put.json as unknown as { errors: unknown }).errors,
    );
    const headers = { "content-type": "text/plain" };
    expect((await fleet.admin.send("POST", "/v1/plan", { body: bad, headers })).status).toBe(415);
    expect((await fleet.admin.get("/v1/plan")).status).toBe(405);
  });

  it("names those that move, each to its pod and by its cause, over a dozen changes", {
    timeout: 120_000,
  }, async () => {
    let moved = 0;
    for (let i = 0; i < 12; i++) {
      const step = await crowd.step();
      expect(step.differing.slice(0, step.exact ? undefined : 0), step.words).toEqual([]);
      expect(step.differing.length, step.words).toBeLessThanOrEqual(step.error);
      moved += step.moved;
    }
    expect(moved).toBeGreaterThan(20);
  });
});
