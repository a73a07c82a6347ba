import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { SECRET, type Stack, startStack } from "../support/stack.ts";

/** Until what the coordinator says of its pods is obeyed: a probe's period, a heartbeat. */
const SOON = { timeout: 15_000, interval: 100 };

describe("what a pool does when a session's pod is down", () => {
  let pods: TestPod[];
  let stack: Stack;
  const health = { readiness: { path: "/", period: "200ms", failure: 2 } };

  beforeAll(async () => {
    pods = await Promise.all(["p-0", "p-1", "p-2"].map((id) => startPod(id)));
    const listed = pods.map(({ id, url }) => ({ id, url }));
    const config = {
      version: 1,
      explain: true,
      pools: {
        temporary: { pods: listed, failover: "temporary", health },
        unprobed: { pods: listed, failover: "temporary" },
        none: { pods: listed, failover: "none", health },
        strict: { pods: listed, strict: true },
      },
      routes: ["temporary", "unprobed", "none", "strict"].map((pool) => ({ path: `/${pool}`, pool })),
    };
    // The store is the durable one: the coordinator's process holds it, and can be taken away from the edges.
    stack = await startStack({ edges: 2, config });
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  const at = (jar: Jar, edge: number, path: string): Promise<Answer> =>
    jar.get(`${stack.edges[edge]!.url}/${path}`);

  async function bound(path: string, count: number): Promise<{ jars: Jar[]; victim: TestPod }> {
    const jars = [new Jar()];
    const victim = await podOf(await at(jars[0]!, 0, path));
    while (jars.length < count) {
      const jar = new Jar();
      if ((await podOf(await at(jar, 0, path))) === victim) jars.push(jar);
    }
    return { jars, victim };
  }
  const podOf = async ({ body }: Answer) => pods.find(({ id }) => body.trim() === id)!;

  it("temporary: goes home, once, when its pod is back, at every edge; also where nothing probes it", async () => {
    const { jars, victim } = await bound("temporary", 4);
    const away = jars.map((jar) => ({ jar, path: "temporary" }));
    while (away.length < 8) {
      const jar = new Jar();
      if ((await podOf(await at(jar, 0, "unprobed"))) === victim) away.push({ jar, path: "unprobed" });
    }
    await victim.kill();
    for (const { jar, path } of away) {
      const moved = await at(jar, 0, path);
      expect(decision(moved)).toMatchObject({ outcome: "moved", from: victim.id, cause: "pod-gone" });
      // Wherever it asks, it stays away while its home is down.
      for (const edge of [1, 0, 1]) expect((await at(jar, edge, path)).body).toBe(moved.body);
    }
    await victim.revive();
    for (const { jar, path } of away) {
      await expect.poll(async () => (await at(jar, 1, path)).body.trim(), SOON).toBe(victim.id);
      const home = await at(jar, 0, path);
      expect([home.body.trim(), decision(home).outcome]).toEqual([victim.id, "kept"]);
    }
  });

  it("none: waits with 503 for its pod, and finds its session there", async () => {
    const { jars, victim } = await bound("none", 2);
    await victim.kill();
    const held = new Map(jars[0]!.cookies);
    for (const edge of [0, 1, 0]) {
      const answer = await at(jars[0]!, edge, "none");
      expect([answer.status, answer.headers["retry-after"]]).toEqual([503, "2"]);
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
    // A new session goes elsewhere meanwhile.
    expect((await at(new Jar(), 0, "none")).status).toBe(200);
    await victim.revive();
    await expect.poll(async () => (await at(jars[0]!, 0, "none")).status, SOON).toBe(200);
    expect((await at(jars[0]!, 1, "none")).body.trim()).toBe(victim.id);
    expect(jars[0]!.cookies).toEqual(held);
  });

  it("strict: refuses to move a session that no store confirms, and serves those whose pods live", async () => {
    const { jars, victim } = await bound("strict", 3);
    const other = new Jar();
    while ((await podOf(await at(other, 0, "strict"))) === victim) other.cookies.clear();
    await victim.kill();
    // A store that is slower than its budget is one that does not answer: on a busy machine it is asked again.
    await expect.poll(async () => decision(await at(jars[0]!, 0, "strict")).outcome, SOON).toBe("moved");
    stack.coordinator.kill();
    const refused = await at(jars[1]!, 0, "strict");
    expect([refused.status, refused.headers["retry-after"]]).toEqual([503, "2"]);
    expect(refused.headers["set-cookie"]).toBeUndefined();
    expect((await at(other, 0, "strict")).status).toBe(200);
    // The same fault in a pool that is not strict: provisional, and no error.
    const calm = await at(new Jar(), 0, "unprobed");
    expect(calm.status).toBe(200);
    await victim.revive();
  });
});

describe("splits", () => {
  let pods: TestPod[];
  let stack: Stack;
  const config = (weights: Record<string, number>) => ({
    version: 1,
    explain: true,
    pools: {
      web: { pods: [pods[0]!, pods[1]!].map(({ id, url }) => ({ id, url })) },
      canary: { pods: [pods[2]!, pods[3]!].map(({ id, url }) => ({ id, url })) },
      kweb: {
        pods: [pods[0]!, pods[1]!].map(({ id, url }) => ({ id, url })),
        affinity: [{ header: { name: "X-User", timeout: "1s" } }],
      },
      kcanary: { pods: [pods[2]!, pods[3]!].map(({ id, url }) => ({ id, url })) },
    },
    routes: [
      {
        path: "/",
        split: { web: weights.web, canary: weights.canary },
        overrides: [
          { header: "X-Canary", value: "always", pool: "canary" },
          { header: "X-Canary", value: "never", pool: "web" },
          { cookie: "beta", pool: "canary" },
        ],
      },
      { path: "/k", split: { kweb: weights.web, kcanary: weights.canary } },
    ],
  });
  const isCanary = ({ body }: Answer) => body.startsWith("c-");

  beforeAll(async () => {
    pods = await Promise.all(["w-0", "w-1", "c-0", "c-1"].map((id) => startPod(id)));
    stack = await startStack({ config: config({ web: 80, canary: 20 }) });
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  it("give a session its side by weight, and it keeps it through every ramp", async () => {
    const jars = Array.from({ length: 200 }, () => new Jar());
    const first = await Promise.all(jars.map((jar) => jar.get(stack.url)));
    const canaries = first.filter(isCanary).length;
    // Binomial(200, 0.2): mean 40, σ 5.7; 6 σ on either side is less than one run in 10^8.
    expect(canaries).toBeGreaterThan(6);
    expect(canaries).toBeLessThan(75);
    for (const canary of [50, 100, 0]) {
      expect((await stack.put(config({ web: 100 - canary, canary }))).status).toBe(200);
      const now = await Promise.all(jars.map((jar) => jar.get(stack.url)));
      expect(now.map(({ body }) => body)).toEqual(first.map(({ body }) => body));
      const fresh = await Promise.all(Array.from({ length: 20 }, () => new Jar().get(stack.url)));
      if (canary !== 50) expect(fresh.filter(isCanary).length).toBe(canary === 0 ? 0 : 20);
    }
    // Rolled back by taking the side out of the config: its sessions move, and no others.
    const without = config({ web: 100, canary: 0 });
    const routes = without.routes.map((route) => ({
      ...route,
      split: { [Object.keys(route.split)[0]!]: 1 },
      overrides: [],
    }));
    expect((await stack.put({ ...without, routes })).status).toBe(200);
    const last = await Promise.all(jars.map((jar) => jar.get(stack.url)));
    last.forEach((answer, i) => {
      if (isCanary(first[i]!))
        expect(decision(answer)).toMatchObject({ outcome: "moved", cause: "config-change" });
      else expect([answer.body, decision(answer).outcome]).toEqual([first[i]!.body, "kept"]);
    });
    expect((await stack.put(config({ web: 80, canary: 20 }))).status).toBe(200);
  });

  it("obey a rule for new sessions, and leave those that are bound", async () => {
    const get = (headers: Record<string, string>, jar = new Jar()) => jar.get(stack.url, { headers });
    for (let i = 0; i < 8; i++) {
      expect(isCanary(await get({ "x-canary": "always" }))).toBe(true);
      expect(isCanary(await get({ "x-canary": "never", cookie: "beta=1" }))).toBe(false);
      expect(isCanary(await call(stack.url, { headers: { cookie: "beta=1" } }))).toBe(true);
    }
    const jar = new Jar();
    const home = await get({ "x-canary": "never" }, jar);
    const asked = await get({ "x-canary": "always" }, jar);
    expect([asked.body, decision(asked).outcome]).toEqual([home.body, "kept"]);
  });

  it("let a ramp move keys without a binding one way only", async () => {
    const sides = async (round: string) => {
      const answers: boolean[] = [];
      for (let user = 0; user < 60; user++) {
        answers.push(isCanary(await call(`${stack.url}/k`, { headers: { "x-user": `${user}` } })));
      }
      expect(answers.length, round).toBe(60);
      return answers;
    };
    let before = await sides("20");
    for (const canary of [40, 70, 100]) {
      // The sessions of the last round have ended: what is left of them is where their keys lie.
      await new Promise((resolve) => setTimeout(resolve, 1100));
      expect((await stack.put(config({ web: 100 - canary, canary }))).status).toBe(200);
      const now = await sides(String(canary));
      before.forEach((was, user) => {
        if (was) expect(now[user], `user ${user} went back at ${canary} %`).toBe(true);
      });
      before = now;
    }
    expect(before.every((canary) => canary)).toBe(true);
  });
});

describe("a key that is retired", () => {
  it("ends its sessions with that cause when its secret is kept for the ledger, and nobody else's", async () => {
    const pod = await startPod("p-0");
    const config = {
      version: 1,
      explain: true,
      pools: { web: { pods: [{ id: pod.id, url: pod.url }] } },
      routes: [{ pool: "web" }],
    };
    const old = "the-secret-before-of-more-than-32-bytes!";
    const before = await startStack({ config, env: { MOORING_SECRET: old } });
    const jar = new Jar();
    await jar.get(before.url);
    await before.stop();
    const after = await startStack({ config, env: { MOORING_SECRET: SECRET, MOORING_SECRET_RETIRED: old } });
    try {
      const [name] = [...jar.cookies.keys()];
      const sent = jar.cookies.get(name!)!;
      const answer = await jar.get(after.url);
      expect(decision(answer).outcome).toBe("bound");
      expect(jar.cookies.get(name!)).not.toBe(sent);
      const metrics = () =>
        call(`${after.url}/_mooring/metrics`, { headers: { authorization: "Bearer admin-token-for-tests" } });
      await expect.poll(async () => (await metrics()).body, SOON).toContain('cause="key-retired"} 1');
      expect(decision(await jar.get(after.url)).outcome).toBe("kept");
    } finally {
      await after.stop();
      await pod.kill();
    }
  });
});
