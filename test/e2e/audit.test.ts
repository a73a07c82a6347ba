import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, Jar } from "../../tools/fleet/client.ts";
import { ADMIN, type Fleet, SECRET, SHARED, startFleet } from "../../tools/fleet/fleet.ts";
import { OPERATIONS } from "../../tools/openapi/operations.ts";

const DRAIN = "drain-token-for-tests";

interface Entry {
  readonly at: number;
  readonly who: string;
  readonly client: string;
  readonly method: string;
  readonly path: string;
  readonly status: number | null;
  readonly change: Record<string, unknown>;
}

describe("who changed what", () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({
      pods: 3,
      env: { MOORING_DRAIN_TOKEN: DRAIN },
      config: ([a, b, c]) => ({
        version: 1,
        trustedProxies: ["127.0.0.0/8"],
        pools: { web: { pods: [a, b] }, canary: { pods: [c] } },
        routes: [{ path: "/", split: { web: 95, canary: 5 } }],
      }),
    });
  });
  afterAll(async () => fleet?.stop());

  const from = { "x-forwarded-for": "198.51.100.7" };
  /** All of it, the newest first, in pages of a few. */
  async function audit(limit: number): Promise<Entry[]> {
    const all: Entry[] = [];
    let cursor: string | null = "";
    do {
      const path: string = `/v1/audit?limit=${limit}&cursor=${cursor}`;
      const { json } = await fleet.admin.get<{ entries: Entry[]; cursor: string | null }>(path);
      expect(json.entries.length).toBeLessThanOrEqual(limit);
      all.push(...json.entries);
      cursor = json.cursor;
    } while (cursor !== null);
    return all;
  }

  it("is told of every route that changes something, done or refused, and outlives the coordinator", async () => {
    await new Jar().get(fleet.url);
    const sessions = async () =>
      (await fleet.admin.get<{ sessions: { sid: string }[] }>("/v1/sessions")).json.sessions;
    await expect.poll(async () => (await sessions()).length, { timeout: 10_000 }).toBe(1);
    const [{ sid } = { sid: "" }] = await sessions();
    const { config, etag } = (await fleet.admin.config())!;
    const began = Date.now();
    const done: [string, string, { body?: object; headers?: Record<string, string> }, number, object][] = [
      ["PUT", "/v1/config", { body: config, headers: { "if-match": etag } }, 200, { written: 2 }],
      ["PUT", "/v1/config", { body: config, headers: { "if-match": etag } }, 412, {}],
      ["POST", "/v1/config/rollback", { body: { revision: 1 } }, 200, { revision: 1, written: 3 }],
      ["POST", "/v1/config/rollback", { body: { revision: 77 } }, 404, { revision: 77 }],
      ["PATCH", "/v1/pools/canary", { body: { state: "paused" } }, 200, { pool: "canary", state: "paused" }],
      ["POST", `/v1/sessions/${sid}/move`, { body: { pod: "web-1" } }, 200, { pod: "web-1" }],
      [
        "POST",
        "/v1/pools/web/rebalance",
        { body: { dryRun: true } },
        200,
        { pool: "web", rate: 10, target: 1.05, dryRun: true },
      ],
      ["DELETE", "/v1/pools/canary/rebalance", {}, 409, { pool: "canary" }],
      [
        "PATCH",
        "/v1/pools/web/pods/web-1",
        { body: { state: "disabled" } },
        200,
        { pool: "web", pod: "web-1", state: "disabled" },
      ],
      [
        "PATCH",
        "/v1/pools/canary/pods/web-2",
        { body: { weight: 0 } },
        409,
        { pool: "canary", pod: "web-2", weight: 0 },
      ],
      [
        "PATCH",
        "/v1/pools/web/pods/web-0",
        { body: { weight: 3 } },
        200,
        { pool: "web", pod: "web-0", weight: 3 },
      ],
      [
        "POST",
        "/v1/pools/web/pods/web-0/drain",
        { headers: { authorization: `Bearer ${DRAIN}` } },
        200,
        { pool: "web", pod: "web-0", state: "draining", once: true },
      ],
      ["DELETE", `/v1/sessions/${sid}`, {}, 200, {}],
    ];
    // Whoever adds a route adds it here.
    const routes = OPERATIONS.filter(({ scope }) => scope === "write" || scope === "drain");
    const templates = done.map(([method, path]) => {
      const template = path
        .replace(/pools\/[^/]+/, "pools/{pool}")
        .replace(/pods\/[^/]+/, "pods/{pod}")
        .replace(/sessions\/[^/]+/, "sessions/{sid}");
      return `${method.toLowerCase()} ${template}`;
    });
    expect([...new Set(templates)].sort()).toEqual(
      routes.map(({ method, path }) => `${method} ${path}`).sort(),
    );

    for (const [method, path, options, status] of done) {
      const headers = { ...from, ...options.headers };
      expect([path, (await fleet.admin.send(method, path, { ...options, headers })).status]).toEqual([
        path,
        status,
      ]);
    }
    // What changes nothing is not in it, nor what a token may not do: whoever holds a lesser one could flush it.
    await fleet.admin.send("POST", "/v1/plan", { body: config });
    await fleet.admin.send("POST", "/v1/plan", { body: "nonsense" });
    const drain = { authorization: `Bearer ${DRAIN}` };
    expect((await fleet.admin.send("DELETE", `/v1/sessions/${sid}`, { headers: drain })).status).toBe(403);

    const expected = done
      .map(([method, path, options, status, change]) => {
        const who = options.headers?.authorization === undefined ? "admin" : "drain";
        return { who, client: "198.51.100.7", method, path: `/_mooring${path}`, status, change };
      })
      .reverse();
    // What an edge refuses itself was in its log alone.
    const refusals: [string, string, { body?: object; headers?: Record<string, string> }, number, string][] =
      [
        ["PATCH", "/v1/pools/web", { body: { state: "nonsense" } }, 422, "invalid-request"],
        [
          "PUT",
          "/v1/config",
          { body: config, headers: { "content-type": "text/plain" } },
          415,
          "content-type",
        ],
        ["DELETE", "/v1/sessions/no-sid", {}, 404, "no-such-session"],
        ["POST", "/v1/pools/web/pods/web-0/drain?wait=soon", {}, 400, "invalid-query"],
      ];
    for (const [method, path, options, status, code] of refusals) {
      const headers = { ...from, ...options.headers };
      const answer = await fleet.admin.send<{ code: string }>(method, path, { ...options, headers });
      expect([path, answer.status, answer.json.code]).toEqual([path, status, code]);
      const [pathname] = path.split("?");
      const entry = { who: "admin", client: "198.51.100.7", method, path: `/_mooring${pathname}`, status };
      // It is told after the answer.
      await expect
        .poll(async () => (await audit(1000))[0], { timeout: 10_000 })
        .toMatchObject({ ...entry, change: { refused: code } });
      expected.unshift({ ...entry, change: { refused: code } });
    }
    const told = await audit(3);
    expect(told.map(({ at: _, ...rest }) => rest)).toEqual(expected);
    for (const { at } of told) expect(at).toBeGreaterThanOrEqual(began);
    await fleet.coordinator.restart();
    await expect.poll(() => audit(1000).catch(() => []), { timeout: 10_000 }).toEqual(told);
    const text = JSON.stringify(told);
    for (const secret of [ADMIN, DRAIN, SECRET, SHARED, fleet.pods[0]!.url])
      expect(text).not.toContain(secret);
    // The history of the config names them as well, page by page.
    const { json } = await fleet.admin.get<{ revisions: object[]; cursor: string }>(
      "/v1/config/history?limit=2",
    );
    expect(json).toMatchObject({
      revisions: [
        { revision: 3, who: "admin: rollback to 1" },
        { revision: 2, who: "admin" },
      ],
      cursor: "2",
    });
    expect((await fleet.admin.get("/v1/config/history?limit=2&cursor=2")).json).toMatchObject({
      revisions: [{ revision: 1 }],
      cursor: null,
    });
  });

  it("takes writes as fast as they come, also from where somebody guesses, and writes all of them down", async () => {
    const guess = () =>
      call(`${fleet.url}/_mooring/v1/pools`, { headers: { ...from, authorization: "Bearer guess" } });
    const guessed = await Promise.all(Array.from({ length: 15 }, guess));
    expect(guessed.map(({ status }) => status).sort()).toEqual([
      ...Array<number>(10).fill(401),
      ...Array<number>(5).fill(429),
    ]);
    const before = (await audit(1000)).length;
    const write = async (_: unknown, i: number) => {
      const body = { state: i % 2 === 0 ? "ready" : "disabled" };
      return (await fleet.admin.send("PATCH", "/v1/pools/web/pods/web-1", { body, headers: from })).status;
    };
    // Four seconds' worth of the rate that is promised, at once.
    const statuses = await Promise.all(Array.from({ length: 200 }, write));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect(await audit(1000)).toHaveLength(before + 200);
  });
});
