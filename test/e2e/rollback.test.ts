import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";

describe("POST /config/rollback", () => {
  let fleet: Fleet;
  const config = (idle: string) => ({
    version: 1,
    pools: { web: { pods: [{ id: "web-0", url: "http://127.0.0.1:9" }], affinity: { cookie: { idle } } } },
    routes: [{ pool: "web" }],
  });
  beforeAll(async () => {
    fleet = await startFleet({ pods: 0, config: () => config("10m") });
  });
  afterAll(async () => fleet?.stop());

  const roll = (revision: unknown, headers: Record<string, string> = {}) =>
    fleet.admin.send<{ revision: number }>("POST", "/v1/config/rollback", { body: { revision }, headers });

  it("writes an earlier config once more, as a revision of its own", async () => {
    await fleet.admin.putConfig(config("20m"));
    await fleet.admin.putConfig(config("30m"));
    const { status, json, headers } = await roll(1);
    expect({ status, revision: json.revision, etag: headers.etag }).toEqual({
      status: 200,
      revision: 4,
      etag: '"4"',
    });
    expect((await fleet.admin.config())!.config).toEqual(config("10m"));
    const { revisions } = (await fleet.admin.get<{ revisions: { who: string }[] }>("/v1/config/history"))
      .json;
    expect(revisions[0]!.who).toContain("rollback to 1");
    expect(revisions).toHaveLength(4);
  });

  it("refuses a revision that is not kept, what is none, and one that another write has overtaken", async () => {
    expect((await roll(99)).status).toBe(404);
    expect((await roll("1")).status).toBe(422);
    expect((await roll(undefined)).status).toBe(422);
    expect((await roll(2, { "if-match": '"3"' })).status).toBe(412);
    expect((await fleet.admin.config())!.revision).toBe(4);
    expect((await roll(2, { "if-match": '"4"' })).json.revision).toBe(5);
  });
});
