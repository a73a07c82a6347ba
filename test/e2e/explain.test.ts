import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Explanation, Step } from "../../src/route/explain.ts";
import { replay } from "../../src/route/replay.ts";
import type { Trace } from "../../src/route/trace.ts";
import { decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { startPods } from "../../tools/fleet/plan/pods.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { testCore } from "../support/core.ts";

const HOST = "shop.test";

describe("POST /explain", () => {
  let fleet: Fleet;
  let pods: Awaited<ReturnType<typeof startPods>>;
  const config = (gone: string[] = []) => {
    const listed = (name: string, count: number) =>
      Array.from({ length: count }, (_, i) => `${name}-${i}`)
        .filter((id) => !gone.includes(id))
        .map((id, i) => ({ id, url: pods.urlOf(id, 0), weight: 1 + (i % 2) }));
    return {
      version: 1,
      explain: true,
      pools: {
        web: { pods: listed("web", 4), tableBits: 10 },
        canary: { pods: listed("canary", 2), tableBits: 10 },
        api: { pods: listed("api", 3), policy: "round-robin", affinity: "none", tableBits: 10 },
        mcp: {
          pods: listed("mcp", 3),
          policy: { "least-request": { choices: "all" } },
          affinity: { header: "x-user" },
        },
      },
      routes: [
        { host: HOST, path: "/", split: { web: 8, canary: 2 } },
        { host: HOST, path: "/api", pool: "api" },
        { host: HOST, path: "/mcp", pool: "mcp" },
      ],
    };
  };

  beforeAll(async () => {
    pods = await startPods();
    fleet = await startFleet({ pods: 0, config: () => config(), env: { MOORING_TRACES: "100%" } });
  });
  afterAll(async () => {
    await fleet?.stop();
    await pods?.stop();
  });

  const ask = (path: string, headers: Record<string, string> = {}, more: object = {}) =>
    fleet.admin.send<Explanation>("POST", "/v1/explain", {
      body: { method: "GET", url: `http://${HOST}${path}`, headers, ...more },
    });
  const visit = (jar: Jar, path: string, headers: Record<string, string> = {}) =>
    jar.get(`${fleet.url}${path}`, { headers: { host: HOST, ...headers } });
  const step = ({ steps }: Explanation, name: string): Step | undefined =>
    steps.find((one) => one.step === name);
  const total = async () => {
    const { body } = await fleet.admin.get("/metrics");
    return [...body.matchAll(/^mooring_requests_total\{.*\} (\d+)/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  };

  it("says of a session what its next request is answered", async () => {
    const jar = new Jar();
    const bound = decision(await visit(jar, "/cart"));
    const { json, status } = await ask("/cart?secret=1", { cookie: jar.cookie });
    expect(status).toBe(200);
    expect(json).toMatchObject({ outcome: "kept", pool: bound.pool, pod: bound.pod, cause: null });
    expect(step(json, "route")).toMatchObject({ host: HOST, path: "/", scope: "web" });
    expect(step(json, "affinity")).toMatchObject({ chain: ["cookie"], by: "cookie" });
    expect(step(json, "token")).toMatchObject({ verdict: "good", pod: bound.pod, epoch: 1, keeps: true });
    expect(step(json, "retries")).toMatchObject({ attempts: 2, on: ["connect"] });
    expect(decision(await visit(jar, "/cart"))).toEqual({ ...bound, outcome: "kept" });
    const text = JSON.stringify(json);
    for (const value of jar.cookies.values()) expect(text).not.toContain(value);
    expect(text).not.toContain("secret=1");
    expect(text).not.toContain("127.0.0.1:");
  });

  it("forwards nothing, binds nothing, moves nobody and counts nothing", async () => {
    const jar = new Jar();
    const bound = decision(await visit(jar, "/"));
    const listed = async () =>
      (await fleet.admin.get<{ sessions: unknown[] }>("/v1/sessions?limit=1000")).json.sessions;
    await eventually(listed, (sessions) => sessions.length >= 2);
    await eventually(total, (count) => count >= 3);
    const before = [await total(), (await listed()).length, pods.arrivals()];
    await fleet.admin.putConfig(config([bound.pod!]));
    for (let i = 0; i < 20; i++) {
      expect((await ask("/")).json.outcome).toBe("bound");
      expect((await ask("/mcp", { "x-user": `user-${i}` })).json.outcome).toBe("bound");
      const moved = (await ask("/", { cookie: jar.cookie })).json;
      expect(moved).toMatchObject({ outcome: "moved", from: bound.pod, cause: "config-change" });
    }
    expect([await total(), (await listed()).length, pods.arrivals()]).toEqual(before);
    // The turn of a pod comes by requests alone: however often it is asked about, it is the next request's.
    await visit(new Jar(), "/api");
    const turns = await Promise.all(Array.from({ length: 6 }, () => ask("/api")));
    const { body: next } = await visit(new Jar(), "/api");
    expect(new Set(turns.map(({ json }) => json.pod))).toEqual(new Set([next]));
    const explained = (await ask("/", { cookie: jar.cookie })).json;
    const seen = decision(await visit(jar, "/"));
    expect(seen).toMatchObject({
      outcome: "moved",
      pod: explained.pod,
      from: explained.from,
      cause: explained.cause,
    });
    await fleet.admin.putConfig(config());
  });

  it("says why pods are out, and why a request is refused", async () => {
    await fleet.admin.send("PATCH", "/v1/pools/web/pods/web-0", { body: { state: "draining" } });
    const { json } = await ask("/");
    const found = step(json, "candidates") as unknown as {
      pools: { pool: string; pods: { pod: string; why: string | null }[] }[];
    };
    expect(found.pools.map(({ pool }) => pool)).toEqual(["web", "canary"]);
    expect(found.pools[0]!.pods.map(({ why }) => why)).toEqual(["draining", null, null, null]);
    await fleet.admin.send("PATCH", "/v1/pools/web/pods/web-0", { body: { state: "ready" } });
    const nowhere = (await ask("/", {}, { url: "http://other.test/" })).json;
    expect(nowhere).toMatchObject({ outcome: "refused", pod: null, trace: null });
    expect(step(nowhere, "refused")).toMatchObject({ status: 404, code: "no-route" });
    expect((await ask("/", {}, { method: "TRACE" })).json.outcome).toBe("refused");
    const forged = (await ask("/", { cookie: `${"mooring"}=x` })).json;
    expect(forged.outcome).toBe("bound");
  });

  it("refuses what is no request", async () => {
    for (const body of [
      {},
      { url: "/cart" },
      { url: "ftp://a/" },
      { url: `http://${HOST}/`, headers: { "a b": "c" } },
      // As fetch takes them: they would be headers called 0 and 1, and the answer that of a request without a cookie.
      { url: `http://${HOST}/`, headers: [["cookie", "a=b"]] },
      { url: `http://${HOST}/`, headers: "cookie: a=b" },
    ]) {
      expect((await fleet.admin.send("POST", "/v1/explain", { body })).status, JSON.stringify(body)).toBe(
        422,
      );
    }
    expect((await ask("/", {}, { clientIp: "nobody" })).status).toBe(422);
    expect((await ask("/", {}, { more: 1 })).status).toBe(422);
    expect((await fleet.admin.get("/v1/explain")).status).toBe(405);
  });

  it("traces decisions of real requests, a thousand of which replay to the same pod", {
    timeout: 60_000,
  }, async () => {
    const jars = Array.from({ length: 40 }, () => new Jar());
    const seen: string[] = [];
    for (let i = 0; i < 28; i++) {
      if (i === 10) await fleet.admin.putConfig(config(["web-1", "mcp-0"]));
      if (i === 20) await fleet.admin.putConfig(config(["canary-0", "mcp-2"]));
      const paths = ["/", "/api", "/mcp"] as const;
      await Promise.all(
        jars.map(async (jar, n) => {
          const fresh = n % 4 === i % 4 ? new Jar() : jar;
          const answer = await visit(fresh, paths[n % 3]!, { "x-user": `user-${n}` });
          seen.push(`${decision(answer).outcome} ${answer.body}`);
        }),
      );
    }
    type Page = { body: string; json: { traces: Trace[]; cursor: string | null } };
    const traces: Trace[] = [];
    let body = "";
    for (let cursor: string | null = ""; cursor !== null; ) {
      const answer: Page = await fleet.admin.get<Page["json"]>(`/v1/traces?limit=300&cursor=${cursor}`);
      expect(answer.json.traces.length).toBeLessThanOrEqual(300);
      traces.push(...answer.json.traces);
      body += answer.body;
      cursor = answer.json.cursor;
    }
    expect(traces.length).toBe(1000);
    expect(traces.map(({ outcome, pod }) => `${outcome} ${pod}`).sort()).toEqual(seen.slice(-1000).sort());
    for (const jar of jars) for (const value of jar.cookies.values()) expect(body).not.toContain(value);
    const core = testCore();
    for (const trace of traces) {
      const { outcome, pool, pod } = trace;
      expect(await replay(trace, core)).toEqual({ outcome, pool, pod });
    }
    expect(new Set(traces.map(({ outcome }) => outcome))).toEqual(
      new Set(["bound", "kept", "moved", "unkeyed"]),
    );
  });

  it("replays an explanation's trace offline", async () => {
    const { json } = await ask("/", { "x-forwarded-for": "192.0.2.1" }, { clientIp: "192.0.2.7" });
    const { outcome, pool, pod } = json;
    expect(await replay(json.trace!, testCore())).toEqual({ outcome, pool, pod });
  });
});
