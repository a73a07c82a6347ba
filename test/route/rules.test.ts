import { describe, expect, it } from "vitest";
import { explain } from "../../src/route/explain.ts";
import { Recorder } from "../../src/route/record.ts";
import { replay, outcomeOf as replayed } from "../../src/route/replay.ts";
import { route } from "../../src/route/route.ts";
import type { Trace } from "../../src/route/trace.ts";
import { testCore } from "../support/core.ts";
import { cookiesOf, outcomeOf, TestEdge } from "../support/edge.ts";

const pods = (name: string, count: number) =>
  Array.from({ length: count }, (_, i) => ({ id: `${name}-${i}`, url: `http://10.0.0.${i}:80` }));
const RULES = [
  { header: "x-canary", value: "always", pool: "canary" },
  { header: "x-canary", value: "never", pool: "web" },
  { cookie: "beta", pool: "canary" },
  { header: "x-region", pattern: "^eu-", pool: "canary" },
];
const config = (more: object, affinity: unknown = ["cookie"]) => ({
  version: 1,
  explain: true,
  pools: { web: { pods: pods("web", 3), affinity }, canary: { pods: pods("canary", 3) } },
  routes: [
    { split: { web: 1, canary: 0 }, overrides: RULES, ...more },
    { path: "/plain", pool: "web" },
  ],
});
type Ask = [headers?: Record<string, string>, path?: string];

/** One client: keeps its cookies, and tells who served. */
class Client {
  readonly jar = new Map<string, string>();
  readonly #edge: TestEdge;
  readonly #always: Record<string, string>;

  constructor(edge: TestEdge, always: Record<string, string> = {}) {
    this.#edge = edge;
    this.#always = always;
  }

  headers(more: Record<string, string> = {}): Record<string, string> {
    const cookie = [...this.jar].map((pair) => pair.join("=")).join("; ");
    return { ...this.#always, ...more, ...(cookie === "" ? {} : { cookie }) };
  }

  async ask(...[headers, path = "/"]: Ask): Promise<[outcome: string, pod: string, cookies: number]> {
    const response = await this.#edge.ask(`http://shop.test${path}`, { headers: this.headers(headers) });
    await this.#edge.idle();
    const cookies = cookiesOf(response);
    for (const [name, value] of cookies) this.jar.set(name, value);
    return [outcomeOf(response), response.ok ? await response.text() : "", cookies.length];
  }
}

const CANARY = { "x-canary": "always" };

describe("a header that goes before sessions", () => {
  it("sends one request to the other side, always to one pod there, and leaves the session where it is", async () => {
    const edge = await TestEdge.start({ config: config({ headerBeatsSession: true }) });
    const client = new Client(edge);
    const [, home] = await client.ask();
    const [outcome, aside, cookies] = await client.ask(CANARY);
    expect([outcome, aside.startsWith("canary-"), cookies]).toEqual(["unkeyed", true, 0]);
    for (let i = 0; i < 10; i++) {
      expect(await client.ask(CANARY)).toEqual(["unkeyed", aside, 0]);
      expect(await client.ask()).toEqual(["kept", home, 0]);
    }
    // It asks for the side that the session has, or for none, or by a cookie: the session goes on.
    expect(await client.ask({ "x-canary": "never" })).toEqual(["kept", home, 0]);
    client.jar.set("beta", "1");
    expect(await client.ask()).toEqual(["kept", home, 0]);
    expect(edge.edge.breaks).toEqual([]);
  });

  it("begins a session like any where there is none", async () => {
    const edge = await TestEdge.start({ config: config({ headerBeatsSession: true }) });
    const client = new Client(edge);
    const [outcome, pod, cookies] = await client.ask(CANARY);
    expect([outcome, pod.startsWith("canary-"), cookies]).toEqual(["bound", true, 1]);
    expect(await client.ask()).toEqual(["kept", pod, 0]);
    expect((await client.ask({ "x-canary": "never" }))[1]).toMatch(/^web-/);
    expect(await client.ask()).toEqual(["kept", pod, 0]);
  });

  it("comes after the session where the other side has no pod to give", async () => {
    const edge = await TestEdge.start({ config: config({ headerBeatsSession: true }) });
    const client = new Client(edge);
    const [, home] = await client.ask();
    edge.health(Object.fromEntries(edge.view.pools[1]!.tags.map((tag) => [tag, "down"])));
    expect(await client.ask(CANARY)).toEqual(["kept", home, 0]);
  });

  it("tries another pod of that side, and begins nothing, when one cannot be reached", async () => {
    let dead = "";
    const edge = await TestEdge.start({
      config: config({ headerBeatsSession: true }),
      pod: ({ pod: { id } }) => (id === dead ? "connect" : new Response(id)),
      connects: (id) => id !== dead,
    });
    const client = new Client(edge);
    const [, home] = await client.ask();
    [, dead] = await client.ask(CANARY);
    const [outcome, other, cookies] = await client.ask(CANARY);
    expect([outcome, other.startsWith("canary-"), other === dead, cookies]).toEqual([
      "unkeyed",
      true,
      false,
      0,
    ]);
    expect(await client.ask()).toEqual(["kept", home, 0]);
  });

  it("does so with sessions that are found by a key", async () => {
    const edge = await TestEdge.start({
      config: config({ headerBeatsSession: true }, [{ header: "x-user" }]),
    });
    const client = new Client(edge, { "x-user": "ann" });
    const [, home] = await client.ask();
    const [outcome, aside] = await client.ask(CANARY);
    expect([outcome, aside.startsWith("canary-")]).toEqual(["unkeyed", true]);
    expect(await client.ask(CANARY)).toEqual(["unkeyed", aside, 0]);
    expect(await client.ask()).toEqual(["kept", home, 0]);
  });

  it("comes after sessions unless the route says otherwise", async () => {
    const edge = await TestEdge.start({ config: config({}) });
    const client = new Client(edge);
    const [, home] = await client.ask();
    expect(await client.ask(CANARY)).toEqual(["kept", home, 0]);
  });
});

describe("`sticky: primary`", () => {
  it("binds nothing to another side", async () => {
    const edge = await TestEdge.start({ config: config({ sticky: "primary" }) });
    const client = new Client(edge);
    const [outcome, pod, cookies] = await client.ask(CANARY);
    expect([outcome, pod.startsWith("canary-"), cookies]).toEqual(["unkeyed", true, 0]);
    const [began, home] = await client.ask();
    expect([began, home.startsWith("web-")]).toEqual(["bound", true]);
    expect(await client.ask(CANARY)).toEqual(["kept", home, 0]);
  });

  it("neither binds nor moves a session there when the primary has no pod", async () => {
    let dead = new Set<string>();
    const edge = await TestEdge.start({
      config: config({ sticky: "primary" }),
      pod: ({ pod: { id } }) => (dead.has(id) ? "connect" : new Response(id)),
      connects: (id) => !dead.has(id),
    });
    const bound = new Client(edge);
    const [, home] = await bound.ask();
    const down = edge.view.pools[0]!.tags.map((tag) => [tag, "down"] as const);
    edge.health(Object.fromEntries(down));
    dead = new Set(["web-0", "web-1", "web-2"]);
    const [outcome, pod, cookies] = await new Client(edge).ask();
    expect([outcome, pod.startsWith("canary-"), cookies]).toEqual(["unkeyed", true, 0]);
    expect((await bound.ask())[0]).toBe("refused");
    dead.clear();
    edge.health({});
    expect(await bound.ask()).toEqual(["kept", home, 0]);
  });

  it("ends the sessions that another side has from before, once", async () => {
    const before = await TestEdge.start({ config: config({}) });
    const client = new Client(before);
    const [, pod] = await client.ask(CANARY);
    const edge = await TestEdge.start({ config: config({ sticky: "primary" }), store: before.store });
    const again = new Client(edge);
    for (const pair of client.jar) again.jar.set(...pair);
    expect((await again.ask(CANARY))[0]).toBe("unkeyed");
    const [outcome, home] = await again.ask();
    expect([outcome, home.startsWith("web-")]).toEqual(["bound", true]);
    expect(edge.edge.breaks).toMatchObject([{ from: pod, to: "", cause: "config-change" }]);
  });
});

describe("`issue: false`", () => {
  it("keeps a session that comes, and begins none", async () => {
    const edge = await TestEdge.start({ config: config({ issue: false }) });
    const client = new Client(edge);
    expect(await client.ask()).toMatchObject(["unkeyed", expect.stringMatching(/^web-/), 0]);
    const [outcome, pod] = await client.ask({}, "/plain");
    expect(outcome).toBe("bound");
    for (let i = 0; i < 5; i++) expect(await client.ask()).toEqual(["kept", pod, 0]);
  });

  it("finds the session of a key, and makes none", async () => {
    const edge = await TestEdge.start({ config: config({ issue: false }, [{ header: "x-user" }]) });
    const [bob, eve] = [new Client(edge, { "x-user": "bob" }), new Client(edge, { "x-user": "eve" })];
    const [, pod] = await bob.ask({}, "/plain");
    expect(await bob.ask()).toEqual(["kept", pod, 0]);
    const [outcome, first] = await eve.ask();
    expect(outcome).toBe("unkeyed");
    // Nothing is bound, and yet requests of one key stay together.
    for (let i = 0; i < 5; i++) expect(await eve.ask()).toEqual(["unkeyed", first, 0]);
  });
});

describe("rules in traces and explanations", () => {
  it("replay to the same side, without the text that a pattern was held against", async () => {
    for (const more of [{}, { headerBeatsSession: true }, { sticky: "primary" }, { issue: false }]) {
      const edge = await TestEdge.start({ config: config(more) });
      const client = new Client(edge);
      for (const headers of [{}, { "x-region": "eu-secret" }, { "x-region": "us-secret" }, CANARY]) {
        const request = {
          url: "http://shop.test/",
          method: "GET",
          headers: new Headers(client.headers(headers)),
          body: null,
        } as unknown as Request;
        const recorder = new Recorder(edge.edge, request);
        const response = await route(recorder.edge, request, { waitUntil: () => undefined });
        for (const [name, value] of cookiesOf(response)) client.jar.set(name, value);
        const text = JSON.stringify(recorder.trace());
        expect(text).not.toContain("secret");
        const pod = await response.text();
        const pool = pod.replace(/-\d+$/, "");
        const outcome = replayed(response);
        expect(await replay(JSON.parse(text) as Trace, testCore())).toEqual({ outcome, pool, pod });
      }
    }
  });

  it("name the rule and the kind of path that decided", async () => {
    const routes = [
      { path: "/", split: { web: 1, canary: 0 }, overrides: RULES },
      { path: "/(cart|till)s?$", pathType: "regex", split: { web: 1, canary: 0 }, overrides: RULES },
    ];
    const edge = await TestEdge.start({ config: { ...config({}), routes } });
    const steps = async (path: string, headers: Record<string, string>) => {
      const request = {
        url: `http://shop.test${path}`,
        method: "GET",
        headers: new Headers(headers),
        body: null,
      };
      return (await explain(edge.edge, edge.view, edge.view, request as unknown as Request)).steps;
    };
    expect(await steps("/Carts", { "x-region": "eu-1" })).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          step: "route",
          pathType: "regex",
          why: "any host, and there the longest pattern that matches",
        }),
        expect.objectContaining({ step: "rule", header: "x-region", pattern: "^eu-", pool: "canary" }),
      ]),
    );
    const plain = await steps("/carts/7", { "x-region": "us-1" });
    expect(plain.some(({ step }) => step === "rule")).toBe(false);
    expect(plain[0]).not.toHaveProperty("pathType");
  });

  it("name the rank that went before a longer path", async () => {
    const routes = [
      { path: "/cart/", pathType: "exact", pool: "canary" },
      { path: "/", rank: 3, pool: "web" },
    ];
    const edge = await TestEdge.start({ config: { ...config({}), routes } });
    const request = { url: "http://shop.test/cart/", method: "GET", headers: new Headers(), body: null };
    const { steps, trace } = await explain(edge.edge, edge.view, edge.view, request as unknown as Request);
    expect(steps[0]).toMatchObject({
      step: "route",
      path: "/",
      rank: 3,
      why: "any host, and there the longest path that matches of this rank",
      scope: "web",
    });
    expect(trace!.config.route.rank).toBe(3);
    expect(await replay(trace!, testCore())).toMatchObject({ pool: "web" });
  });
});
