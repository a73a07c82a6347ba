import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRedisServer } from "../../tools/gateway/redis.ts";
import { type Answer, call, decision, Jar } from "../support/client.ts";
import { type Handler, startPod, type TestPod } from "../support/pod.ts";
import { type Stack, startStack } from "../support/stack.ts";

let minted = 0;

/** A pod that mints its session id on /…/login, as a cookie or a header, and takes the cookie back on /…/logout. */
const shop: Handler = (request, response, pod) => {
  const url = request.url ?? "";
  if (url.startsWith("/learn") && url.endsWith("/login")) {
    response.setHeader("set-cookie", `SESSIONID=s${++minted}; Path=/; HttpOnly`);
  }
  if (url.endsWith("/logout")) response.setHeader("set-cookie", "SESSIONID=; Path=/; Max-Age=0");
  if (url.startsWith("/mcp") && url.endsWith("/login")) response.setHeader("mcp-session-id", `m${++minted}`);
  response.end(`${pod.id}\n`);
};

const SOURCES: Record<string, unknown> = {
  header: [{ header: "X-User" }],
  query: [{ query: "user" }],
  ip: ["client-ip"],
  hash: [{ hash: [{ header: "X-User" }, { query: "cart" }] }],
  learn: [{ learn: { cookie: "SESSIONID" } }],
  mcp: [{ learn: { header: "Mcp-Session-Id" } }],
  first: [{ header: "X-User" }, "cookie"],
  behind: ["cookie", "client-ip"],
};

/** What a request says, and what another user's says. */
const KEYS: Record<string, (user: number) => { path?: string; headers?: Record<string, string> }> = {
  header: (user) => ({ headers: { "x-user": `u${user}` } }),
  query: (user) => ({ path: `?a=1&user=u${user}` }),
  ip: (user) => ({ headers: { "x-forwarded-for": `198.51.100.${user}` } }),
  hash: (user) => ({ path: `?cart=${user}`, headers: { "x-user": "same" } }),
  first: (user) => ({ headers: { "x-user": `u${user}` } }),
};

describe("affinity by a key, over two edges and pools that choose at random", () => {
  let pods: TestPod[];
  let stack: Stack;

  beforeAll(async () => {
    pods = await Promise.all(["p-0", "p-1", "p-2", "p-3"].map((id) => startPod(id, shop)));
    const listed = pods.map(({ id, url }) => ({ id, url }));
    const config = {
      version: 1,
      explain: true,
      trustedProxies: ["127.0.0.0/8"],
      pools: Object.fromEntries(
        Object.entries(SOURCES).map(([name, affinity]) => [
          name,
          { policy: "random", pods: listed, affinity },
        ]),
      ),
      routes: Object.keys(SOURCES).map((name) => ({ path: `/${name}`, pool: name })),
    };
    stack = await startStack({ edges: 2, redis: findRedisServer() !== undefined, config });
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  const ask = (source: string, user: number, edge: number): Promise<Answer> => {
    const { path = "", headers = {} } = KEYS[source]!(user);
    return call(`${stack.edges[edge]!.url}/${source}${path}`, { headers });
  };

  it.each(Object.keys(KEYS))(
    "%s: a user stays on one pod at both edges, without a cookie of ours",
    async (source) => {
      const homes = new Set<string>();
      for (let user = 1; user <= 12; user++) {
        // Both edges meet the key at the same moment: one of them creates its session, and the other follows.
        const answers = await Promise.all([0, 1, 0, 1].map((edge) => ask(source, user, edge)));
        answers.push(await ask(source, user, 1));
        const where = new Set(answers.map(({ body }) => body));
        expect(where.size, `${source} ${user}: ${[...where]}`).toBe(1);
        for (const answer of answers) expect(answer.headers["set-cookie"]).toBeUndefined();
        expect(decision(answers.at(-1)!).outcome).toBe("kept");
        homes.add(answers[0]!.body);
      }
      // 12 users at random on 4 pods: all on one has a chance of 4 to the power of -11.
      expect(homes.size).toBeGreaterThan(1);
    },
  );

  it("a request without the key is unkeyed, and begins nothing", async () => {
    const answer = await call(`${stack.url}/header`);
    expect(decision(answer).outcome).toBe("unkeyed");
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });

  it("takes the client's address from trusted hops alone, and IPv6 by its /64", async () => {
    const from = (chain: string) => call(`${stack.url}/ip`, { headers: { "x-forwarded-for": chain } });
    const home = (await from("2001:db8:7:1::1")).body;
    for (let host = 2; host < 9; host++) expect((await from(`2001:db8:7:1::${host}`)).body).toBe(home);
    // What a client writes in front of what our proxy saw is hearsay.
    const mine = (await from("203.0.113.9")).body;
    for (let lie = 1; lie < 9; lie++) expect((await from(`192.0.2.${lie}, 203.0.113.9`)).body).toBe(mine);
  });

  it("a chain takes the first source that yields: the header's session, else the cookie's", async () => {
    const jar = new Jar();
    const cookie = await jar.get(`${stack.url}/first`);
    expect(decision(cookie).outcome).toBe("bound");
    expect(jar.cookies.size).toBe(1);
    for (let i = 0; i < 5; i++)
      expect((await jar.get(`${stack.edges[i % 2]!.url}/first`)).body).toBe(cookie.body);
    const keyed = await ask("first", 77, 0);
    const both = await jar.get(`${stack.url}/first`, { headers: { "x-user": "u77" } });
    expect(both.body).toBe(keyed.body);
    expect(both.headers["set-cookie"]).toBeUndefined();
  });

  it("a source behind the cookie finds clients that keep no cookies, and the others take theirs along", async () => {
    const from = (ip: string) => ({ headers: { "x-forwarded-for": ip } });
    const bare = await call(`${stack.url}/behind`, from("198.51.100.200"));
    for (let i = 0; i < 6; i++) {
      const again = await call(`${stack.edges[i % 2]!.url}/behind`, from("198.51.100.200"));
      expect(again.body).toBe(bare.body);
      expect(again.headers["set-cookie"]).toHaveLength(1);
    }
    // A phone changes its address: its cookie keeps it where it was.
    const jar = new Jar();
    const first = await jar.get(`${stack.url}/behind`, from("198.51.100.201"));
    for (let i = 0; i < 8; i++) {
      const moved = await jar.get(`${stack.edges[i % 2]!.url}/behind`, from(`203.0.113.${i + 1}`));
      expect([moved.body, decision(moved).outcome]).toEqual([first.body, "kept"]);
    }
  });

  it("learns a cookie that a pod mints: sticky from the second request on, across edges", async () => {
    for (let client = 0; client < 8; client++) {
      const jar = new Jar();
      const login = await jar.get(`${stack.edges[client % 2]!.url}/learn/login`);
      expect(decision(login).outcome).toBe("bound");
      expect([...jar.cookies.keys()]).toEqual(["SESSIONID"]);
      for (let i = 0; i < 6; i++) {
        const answer = await jar.get(`${stack.edges[(client + 1 + i) % 2]!.url}/learn`);
        expect([answer.body, decision(answer).outcome]).toEqual([login.body, "kept"]);
      }
    }
  });

  it("learns a header that a pod mints, as MCP servers do", async () => {
    const login = await call(`${stack.url}/mcp/login`, { method: "POST" });
    const id = String(login.headers["mcp-session-id"]);
    for (let i = 0; i < 8; i++) {
      const headers = { "mcp-session-id": id };
      const answer = await call(`${stack.edges[i % 2]!.url}/mcp`, { method: "POST", headers });
      expect([answer.body, decision(answer).outcome]).toEqual([login.body, "kept"]);
    }
  });

  it("stores no value that no pod has minted, and keeps requests with one together", async () => {
    const answers = [];
    for (let i = 0; i < 6; i++) {
      answers.push(
        await call(`${stack.edges[i % 2]!.url}/learn`, { headers: { cookie: "SESSIONID=forged" } }),
      );
    }
    expect(new Set(answers.map((answer) => decision(answer).outcome))).toEqual(new Set(["unkeyed"]));
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  });

  it("ends a learned session when its pod takes the cookie back", async () => {
    const jar = new Jar();
    const login = await jar.get(`${stack.url}/learn/login`);
    const cookie = `SESSIONID=${jar.cookies.get("SESSIONID")}`;
    const kept = await call(`${stack.url}/learn`, { headers: { cookie } });
    expect([kept.body, decision(kept).outcome]).toEqual([login.body, "kept"]);
    await call(`${stack.url}/learn/logout`, { headers: { cookie } });
    // Off path: the edge itself has forgotten it, and the store is about to.
    await expect
      .poll(async () => decision(await call(`${stack.url}/learn`, { headers: { cookie } })).outcome, {
        timeout: 5000,
      })
      .toBe("unkeyed");
  });

  it("moves the keyed sessions of a pod that dies once, to one pod at both edges, and no others", async () => {
    const homes = new Map<number, string>();
    for (let user = 1; user <= 12; user++) homes.set(user, (await ask("header", user, user % 2)).body);
    const victim = pods.find(({ id }) => [...homes.values()].includes(`${id}\n`))!;
    await victim.kill();
    try {
      for (const [user, home] of homes) {
        const answers = await Promise.all([0, 1, 0, 1].map((edge) => ask("header", user, edge)));
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
        const where = new Set(answers.map(({ body }) => body));
        expect(where.size).toBe(1);
        if (home.trim() === victim.id) {
          expect([...where][0]).not.toBe(home);
          const told = answers.map(decision).find(({ outcome }) => outcome === "moved");
          expect(told).toMatchObject({ from: victim.id, cause: "pod-gone" });
        } else expect([...where]).toEqual([home]);
        const later = await ask("header", user, 0);
        expect([later.body, decision(later).outcome]).toEqual([[...where][0], "kept"]);
      }
    } finally {
      await victim.revive();
    }
  });
});
