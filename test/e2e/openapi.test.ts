import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, type Call, call, Jar } from "../../tools/fleet/client.ts";
import { ADMIN, type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { OPERATIONS } from "../../tools/openapi/operations.ts";
import { bodiesFor } from "../support/api-bodies.ts";
import { Contract, nameOf, operation } from "../support/contract.ts";

const READ = "read-token-for-tests";
const DRAIN = "drain-token-for-tests";
/** The tokens by what they may do, the least first. */
const TOKENS = { read: READ, drain: DRAIN, write: ADMIN };
const RANK = ["read", "drain", "write"];
const NOBODY = "0".repeat(32);
const MB = 1024 * 1024;

interface Ask {
  /** What stands for the names in the path, over those of {@link Names}. */
  readonly names?: Record<string, string>;
  readonly query?: string;
  /** Sent as JSON, or as it is when it is a text. */
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly edge?: string;
}

/** Every answer that the document describes, from real edges, each held to the document. */
describe("the admin API and its OpenAPI document", () => {
  let fleet: Fleet;
  let bare: Fleet;
  let contract: Contract;
  let clients = 0;
  const sids: string[] = [];
  let config: { pools: object };

  beforeAll(async () => {
    const tokens = { MOORING_READ_TOKEN: READ, MOORING_DRAIN_TOKEN: DRAIN };
    const off = { MOORING_READ_TOKEN: "", MOORING_DRAIN_TOKEN: "", MOORING_ADMIN_TOKEN: "" };
    [fleet, bare] = await Promise.all([
      startFleet({
        edges: 2,
        pods: 4,
        env: tokens,
        edgeEnv: (edge) => (edge === 0 ? { MOORING_TRACES: "100%" } : {}),
        config: ([a, b, c, d]) => ({
          version: 1,
          explain: true,
          trustedProxies: ["127.0.0.0/8"],
          pools: { web: { pods: [a, b] }, canary: { pods: [c] }, lone: { pods: [d] } },
          routes: [
            { path: "/", split: { web: 95, canary: 5 } },
            { path: "/lone", pool: "lone" },
          ],
        }),
      }),
      // Without a config; the second edge without a token as well.
      startFleet({
        edges: 2,
        pods: 0,
        env: tokens,
        edgeEnv: (edge) => (edge === 1 ? off : {}),
        config: () => undefined,
      }),
    ]);
    const { body } = await call(`${fleet.url}/_mooring/openapi.json`);
    contract = new Contract(JSON.parse(body));
    for (let i = 0; i < 12; i++) await new Jar().get(fleet.url);
    // Listed within 2 s of its creation.
    for (const end = Date.now() + 10_000; sids.length < 12 && Date.now() < end; ) {
      const { json } = await fleet.admin.get<{ sessions: { sid: string }[] }>("/v1/sessions");
      sids.splice(0, sids.length, ...json.sessions.map(({ sid }) => sid));
    }
    config = (await fleet.admin.config<{ pools: object }>())!.config;
  }, 60_000);
  afterAll(async () => {
    await fleet?.stop();
    await bare?.stop();
  });

  /** A request to an operation, each from another client unless one is named, its answer held to the document. */
  async function ask(name: string, token: string | undefined, asked: Ask = {}): Promise<Answer> {
    const { method, path } = operation(name);
    const { names = {}, query, body, edge = fleet.url } = asked;
    const all: Record<string, string> = { pool: "web", pod: "web-0", sid: sids[0] ?? NOBODY, ...names };
    const filled = path.replace(/\{(\w+)\}/g, (_, part: string) => all[part]!);
    const headers: Record<string, string> = {
      "x-forwarded-for": `2001:db8:0:${(++clients).toString(16)}::1`,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...asked.headers,
    };
    const text = body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) };
    const options: Call = { method: method.toUpperCase(), headers, ...text };
    const url = `${edge}/_mooring${filled}${query === undefined ? "" : `?${query}`}`;
    const answer = await call(url, options);
    expect(contract.check(name, answer), `${name} ${query ?? ""} → ${answer.status}`).toEqual([]);
    return answer;
  }
  const etag = async () => (await fleet.admin.config())!.etag;

  /** A request to each operation that is done. */
  const GOOD: Record<string, () => Promise<Ask> | Ask> = {
    "put /v1/config": async () => ({ body: config, headers: { "if-match": await etag() } }),
    "post /v1/config/rollback": () => ({ body: { revision: 1 } }),
    "post /v1/plan": () => ({ body: { ...config, pools: { ...config.pools, canary: { pods: [] } } } }),
    "get /v1/events": () => ({ headers: { accept: "application/json" } }),
    "post /v1/explain": () => ({ body: { url: `${fleet.url}/x`, headers: { a: ["b", "c"] } } }),
    "patch /v1/pools/{pool}": () => ({ body: { state: "ready", weight: 95 } }),
    "patch /v1/pools/{pool}/pods/{pod}": () => ({ body: { state: "disabled" } }),
    "post /v1/pools/{pool}/pods/{pod}/drain": () => ({ names: { pod: "web-1" }, query: "deadline=10m" }),
    "delete /v1/sessions/{sid}": () => ({ names: { sid: sids.at(-1)! } }),
    "post /v1/sessions/{sid}/move": async () => {
      await fleet.admin.send("PATCH", "/v1/pools/web/pods/web-0", { body: { state: "ready" } });
      return { body: { pod: "web-0" } };
    },
    "delete /v1/pools/{pool}/rebalance": async () => {
      await fleet.admin.send("POST", "/v1/pools/web/rebalance", { body: { target: 1, rate: 1 } });
      return {};
    },
  };

  it("lets each token do what its scope says, on every route", async () => {
    for (const one of OPERATIONS) {
      const name = nameOf(one);
      const good = async () => (await GOOD[name]?.()) ?? {};
      const statuses: Record<string, number> = {};
      for (const [held, token] of Object.entries({ none: undefined, wrong: "guess", ...TOKENS })) {
        // A rebalance that has nobody to move may have ended before it is stopped.
        let tries = held === "write" && name === "delete /v1/pools/{pool}/rebalance" ? 20 : 1;
        do statuses[held] = (await ask(name, token, await good())).status;
        while (--tries > 0 && statuses[held] === 409);
      }
      const may = (held: string) => RANK.indexOf(held) >= RANK.indexOf(one.scope ?? "read");
      const stranger = one.scope === null ? 200 : 401;
      const expected = { none: stranger, wrong: stranger } as Record<string, number>;
      for (const held of RANK) expected[held] = may(held) ? 200 : 403;
      expect([name, statuses]).toEqual([name, expected]);
    }
  }, 60_000);

  it("refuses strangers, other sites, guessers and everybody where it is off, on every route", async () => {
    const guesser = { "x-forwarded-for": "198.51.100.9" };
    for (let i = 0; i < 10; i++) await ask("get /v1/pools", "guess", { headers: guesser });
    for (const one of OPERATIONS) {
      const name = nameOf(one);
      const site = { origin: "https://evil.example" };
      expect((await ask(name, ADMIN, { headers: site })).status, name).toBe(403);
      if (one.scope === null) continue;
      expect((await ask(name, "guess", { headers: guesser })).status, name).toBe(429);
      const off = await ask(name, ADMIN, { edge: bare.edges[1]!.url });
      expect([off.status, off.body], name).toEqual([503, expect.stringContaining("MOORING_ADMIN_TOKEN")]);
    }
    expect((await ask("get /v1/pools", READ, { headers: guesser })).status).toBe(200);
    expect((await ask("get /readyz", undefined, { edge: bare.url })).status).toBe(503);
  });

  it("refuses bad queries with 400, and what a call does not take with what it does", async () => {
    const bad: Record<string, readonly string[]> = {
      limit: ["limit=0", "limit=-1", "limit=1e3", "limit=10001", "limit=x"],
      cursor: ["cursor=~"],
      wait: ["wait=1", "wait=soon", "wait=-1s"],
      cause: ["cause=none"],
      kinds: ["kinds=none"],
    };
    for (const one of OPERATIONS) {
      const name = nameOf(one);
      if (one.path.startsWith("/v1/")) {
        const strange = await ask(name, ADMIN, { ...(await GOOD[name]?.()), query: "limits=5" });
        expect([name, strange.status]).toEqual([name, 400]);
        const taken = (one.query ?? []).join(", ") || "no parameter";
        const { errors } = JSON.parse(strange.body) as { errors: object[] };
        expect(errors).toMatchObject([{ path: "limits", hint: `This call takes ${taken}.` }]);
      }
      for (const query of (one.query ?? []).flatMap((part) => bad[part] ?? [])) {
        const asked = { ...(await GOOD[name]?.()), query };
        expect((await ask(name, ADMIN, asked)).status, `${name} ${query}`).toBe(400);
      }
    }
  });

  it("refuses bodies that are too large, of another type, or not valid, on every route that takes one", async () => {
    for (const one of OPERATIONS) {
      if (one.body === undefined) continue;
      const name = nameOf(one);
      const large = " ".repeat((one.body.types.length > 1 ? 5 * MB : 64 * 1024) + 1);
      const put = { headers: { "if-match": await etag() } };
      const send = async (body: string, headers: Record<string, string> = {}) =>
        (await ask(name, ADMIN, { body, headers: { ...put.headers, ...headers } })).status;
      expect(await send(large), name).toBe(413);
      expect(await send(large, { "transfer-encoding": "chunked" }), `${name}, chunked`).toBe(413);
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "", "text/html"]) {
        expect(await send("a=b", { "content-type": type }), `${name} ${type}`).toBe(415);
      }
      for (const body of ["{", "[]", "7", "nul", '{"no-such-key":1}', '"text"', "\u0000"]) {
        expect(await send(body), `${name} ${body}`).toBe(422);
      }
      if (one.body.types.length > 1) {
        expect(await send("pools: [", { "content-type": "application/yaml" }), name).toBe(422);
      }
    }
  }, 60_000);

  it("takes the bodies that its schemas take, and no other", async () => {
    const orders = bodiesFor(fleet.url);
    expect(orders.length).toBe(OPERATIONS.filter(({ body }) => body?.types.length === 1).length);
    for (const [name, bodies] of orders) {
      for (const body of bodies) {
        const { status } = await ask(name, ADMIN, { body });
        const valid = operation(name).body?.schema.safeParse(body).success === true;
        expect([name, body, status !== 422]).toEqual([name, body, valid]);
      }
    }
  });

  it("says 404 of what is not there, 409 of a wrong state, 412 and 428 of revisions", async () => {
    const stale = { "if-match": '"99"' };
    const pod = "/v1/pools/{pool}/pods/{pod}";
    const rebalance = "/v1/pools/{pool}/rebalance";
    const lone = { pool: "lone", pod: "web-3" };
    const cases: [string, Ask, number][] = [
      ["get /v1/config", { edge: bare.url }, 404],
      ["put /v1/config", { body: config, headers: stale }, 412],
      ["put /v1/config", { body: config, headers: { "if-none-match": "*" } }, 412],
      ["put /v1/config", { body: config }, 428],
      ["put /v1/config", { body: config, headers: { "if-match": "*" } }, 428],
      ["post /v1/config/rollback", { body: { revision: 99 } }, 404],
      ["post /v1/config/rollback", { body: { revision: 1 }, headers: stale }, 412],
      ["get /v1/traces", { edge: fleet.edges[1]!.url }, 409],
      ["patch /v1/pools/{pool}", { names: lone, body: { weight: 5 } }, 409],
      ["patch /v1/pools/{pool}", { names: lone, body: { state: "paused" } }, 409],
      ["patch /v1/pools/{pool}", { names: lone, body: { state: "rolled-back" } }, 409],
      ["patch /v1/pools/{pool}", { names: lone, body: { state: "retiring" } }, 409],
      ["patch /v1/pools/{pool}", { names: lone, body: { state: "ready" } }, 200],
      [`delete ${rebalance}`, { names: lone }, 409],
      [`patch ${pod}`, { names: lone, body: { weight: 0 } }, 409],
      [`patch ${pod}`, { names: lone, body: { state: "disabled" } }, 200],
      [`post ${rebalance}`, { names: lone, body: {} }, 409],
      ["post /v1/sessions/{sid}/move", { body: { pod: "web-3" } }, 409],
      ["get /v1/sessions", { query: "pool=none" }, 404],
      ["get /v1/sessions", { query: "pool=web&pod=none" }, 404],
      ["get /v1/sessions", { query: "pod=none" }, 404],
    ];
    for (const [name, asked, status] of cases) {
      expect([name, (await ask(name, ADMIN, asked)).status]).toEqual([name, status]);
    }
    const names = [{ pool: "none" }, { pod: "none" }, { sid: NOBODY }, { sid: "no-sid" }, { pool: "%2e%2e" }];
    for (const one of OPERATIONS) {
      for (const absent of names) {
        if (!Object.keys(absent).some((key) => one.path.includes(`{${key}}`))) continue;
        const asked = { ...(await GOOD[nameOf(one)]?.()), names: absent };
        expect([nameOf(one), (await ask(nameOf(one), ADMIN, asked)).status]).toEqual([nameOf(one), 404]);
      }
    }
  });

  it("answers HEAD as GET without a body, and other methods with 405 and what the path takes", async () => {
    const paths = new Map<string, string[]>();
    for (const { path, method } of OPERATIONS) {
      const filled = path.replace("{pool}", "web").replace("{pod}", "web-0").replace("{sid}", sids[0]!);
      paths.set(filled, [...(paths.get(filled) ?? []), method.toUpperCase()]);
    }
    // Without it the events are a stream.
    const headers = { authorization: `Bearer ${ADMIN}`, accept: "application/json" };
    for (const [path, methods] of paths) {
      const url = `${fleet.url}/_mooring${path}`;
      const taken = [...methods, ...(methods.includes("GET") ? ["HEAD"] : [])].sort();
      for (const method of ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
        if (taken.includes(method)) continue;
        const answer = await call(url, { method, headers });
        const allow = String(answer.headers.allow).split(", ").sort();
        expect([path, method, answer.status, allow]).toEqual([path, method, 405, taken]);
        if (method !== "HEAD") expect(JSON.parse(answer.body)).toMatchObject({ code: "method", status: 405 });
      }
      if (!taken.includes("HEAD")) continue;
      const [got, head] = [await call(url, { headers }), await call(url, { method: "HEAD", headers })];
      expect([path, head.status, head.body]).toEqual([path, got.status, ""]);
      expect(head.headers["content-type"]).toBe(got.headers["content-type"]);
    }
  });

  it("has answered with everything that it describes", () => {
    expect(contract.unseen()).toEqual([]);
  });
});
