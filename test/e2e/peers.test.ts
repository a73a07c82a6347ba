import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, decision, Jar } from "../support/client.ts";
import { ATTRIBUTES, listed, POLICIES, peerConfig } from "../support/peer-pools.ts";
import { type Handler, startPod, type TestPod } from "../support/pod.ts";
import { raw, rawGet } from "../support/raw.ts";
import { ADMIN, type Stack, startStack } from "../support/stack.ts";

const SOON = { timeout: 15_000, interval: 50 };
/** How a pod behaves, by the last part of the path: it resets, hangs, or says who it is. */
const handle: Handler = (request, response, pod) => {
  const path = request.url ?? "";
  if (path.endsWith("/hang")) return;
  if (path.endsWith("/reset") || path.endsWith("/used")) request.socket.resetAndDestroy();
  else response.end(pod.id);
};

/** What nginx's and HAProxy's own tests hold of sticky sessions, asked of an edge over HTTP. */
describe("what other balancers hold of sticky sessions", () => {
  let pods: TestPod[];
  let stack: Stack;
  beforeAll(async () => {
    pods = await Promise.all(["p-0", "p-1", "p-2", "p-3"].map((id) => startPod(id, handle)));
    stack = await startStack({ config: peerConfig(pods) });
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  const at = (path: string) => `${stack.url}/${path}`;
  const lines = (answer: Answer) => answer.headers["set-cookie"] ?? [];
  const arrivals = (line: string) =>
    pods.flatMap((pod) => pod.arrivals).filter((arrival) => arrival === line).length;
  const tally = (bodies: readonly string[]) => {
    const counts: Record<string, number> = {};
    for (const body of bodies) counts[body] = (counts[body] ?? 0) + 1;
    return counts;
  };
  /** Clients with a session on each of the pods of a pool. */
  async function oneOnEach(path: string, ids: readonly string[]): Promise<Map<string, Jar>> {
    const found = new Map<string, Jar>();
    while (found.size < ids.length) {
      const jar = new Jar();
      found.set((await jar.get(at(path))).body, jar);
    }
    return found;
  }
  const patch = (pool: string, pod: string, body: object) =>
    call(`${stack.url}/_mooring/v1/pools/${pool}/pods/${pod}`, {
      method: "PATCH",
      body: JSON.stringify(body),
      headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" },
    });

  it("new sessions follow the policy and the weights exactly, however much sticky traffic there is between them", async () => {
    const [jar] = (await oneOnEach("round-robin", ["any"])).values();
    const even: string[] = [];
    const byWeight: string[] = [];
    for (let i = 0; i < 24; i++) {
      even.push((await new Jar().get(at("round-robin"))).body);
      byWeight.push((await new Jar().get(at("weighted"))).body);
      await Promise.all([
        jar!.get(at("round-robin")),
        jar!.get(at("round-robin")),
        jar!.get(at("round-robin")),
      ]);
    }
    expect(tally(even)).toEqual({ "p-0": 8, "p-1": 8, "p-2": 8 });
    expect(tally(byWeight)).toEqual({ "p-0": 4, "p-1": 8, "p-2": 12 });
  });

  it.each(POLICIES)("%s: a request with a pod's cookie goes to that pod", async (policy) => {
    const homes = await oneOnEach(policy, ["p-0", "p-1", "p-2"]);
    for (let round = 0; round < 5; round++) {
      const answers = await Promise.all(
        [...homes].map(async ([home, jar]) => [home, await jar.get(at(policy))] as const),
      );
      for (const [home, answer] of answers) expect([answer.body, lines(answer)]).toEqual([home, []]);
    }
  });

  it("a cookie that is garbage or too long is served as none, and replaced by that of the pod that answered", async () => {
    const name = lines(await call(at("round-robin")))[0]!.split("=")[0]!;
    for (const value of ["", "x", "A".repeat(96), "A".repeat(7000), "../../etc", '"', "%00", "p-0", "-1"]) {
      const jar = new Jar();
      jar.cookies.set(name, value);
      const first = await jar.get(at("round-robin"));
      expect([first.status, decision(first).outcome]).toEqual([200, "bound"]);
      const second = await jar.get(at("round-robin"));
      expect([second.body, decision(second).outcome]).toEqual([first.body, "kept"]);
    }
  });

  it("a pool without stickiness sets no cookie", async () => {
    for (let i = 0; i < 5; i++) expect(lines(await call(at("plain")))).toEqual([]);
  });

  it("a cookie of a pod that is marked down leads to another pod, and its new one names that pod", async () => {
    const homes = await oneOnEach("probed", ["p-0", "p-1", "p-2"]);
    const jar = homes.get("p-1")!;
    const witness = homes.get("p-0")!;
    await pods[1]!.kill();
    try {
      const state = async () => {
        const headers = { authorization: `Bearer ${ADMIN}` };
        const { body } = await call(`${stack.url}/_mooring/v1/pools/probed/pods`, { headers });
        return (JSON.parse(body) as { pods: { id: string; state: string }[] }).pods[1]!.state;
      };
      await expect.poll(state, SOON).toBe("down");
      const moved = await jar.get(at("probed"));
      expect(moved.body).not.toBe("p-1");
      expect(decision(moved)).toMatchObject({
        outcome: "moved",
        pod: moved.body,
        from: "p-1",
        cause: "pod-gone",
      });
      expect(lines(moved)).toHaveLength(1);
      const kept = await jar.get(at("probed"));
      expect([kept.body, lines(kept)]).toEqual([moved.body, []]);
      expect((await witness.get(at("probed"))).body).toBe("p-0");
    } finally {
      await pods[1]!.revive();
    }
  });

  it("with every pod down the answer is 503 with Retry-After, and no cookie", async () => {
    for (let i = 0; i < 4; i++) {
      const answer = await call(at("all-dead"));
      expect([answer.status, answer.headers["retry-after"], lines(answer)]).toEqual([503, "2", []]);
    }
    const posted = await call(at("all-dead"), { method: "POST", body: "x" });
    expect([502, 503]).toContain(posted.status);
    expect(lines(posted)).toEqual([]);
  });

  it("after a retry the cookie names the pod that answered at last, of a new session and of a bound one", async () => {
    const jars = Array.from({ length: 6 }, () => new Jar());
    for (const jar of jars) {
      const first = await jar.get(at("some-dead"));
      // Two of three are dead, and two are tried: sometimes both.
      if (first.status === 503) {
        expect(lines(first)).toEqual([]);
        continue;
      }
      expect([first.body, decision(first).pod]).toEqual(["p-0", "p-0"]);
      const second = await jar.get(at("some-dead"));
      expect([second.body, decision(second).outcome, lines(second)]).toEqual(["p-0", "kept", []]);
    }
    expect(jars.some((jar) => jar.cookies.size > 0)).toBe(true);
    const [[home, jar] = ["", new Jar()]] = await oneOnEach("round-robin", ["any"]);
    const pod = pods.find(({ id }) => id === home)!;
    await pod.kill();
    try {
      const moved = await jar.get(at("round-robin"));
      expect([moved.status, lines(moved).length, decision(moved).pod]).toEqual([200, 1, moved.body]);
      expect((await jar.get(at("round-robin"))).body).toBe(moved.body);
    } finally {
      await pod.revive();
    }
  });

  it("the pool that a request is routed to has its own cookie: name, attributes and sessions", async () => {
    const jar = new Jar();
    const first = await jar.get(at("attributes-1"));
    const other = await jar.get(at("attributes-7"));
    expect([...jar.cookies.keys()]).toEqual(["lb", "all"]);
    expect(decision(other).outcome).toBe("bound");
    // The token of one under the name of the other is a stranger's.
    const cookie = `all=${jar.cookies.get("lb")}`;
    expect(decision(await call(at("attributes-7"), { headers: { cookie } })).outcome).toBe("bound");
    expect((await jar.get(at("attributes-1"))).body).toBe(first.body);
  });

  it.each(ATTRIBUTES.map(([options], i) => [JSON.stringify(options), i] as const))(
    "the cookie has the attributes that %s asks for and no others",
    async (_, i) => {
      const [line = "", ...more] = lines(await call(at(`attributes-${i}`)));
      expect(line.replace(/=[\w-]{96}/, "=T")).toMatch(ATTRIBUTES[i]![1]);
      expect(more).toEqual([]);
    },
  );

  it("a draining pod keeps its sessions and gets no new ones, also when it is the only pod that is left", async () => {
    const jar = (await oneOnEach("drained", ["p-0", "p-1", "p-2"])).get("p-2")!;
    expect((await patch("drained", "p-2", { state: "draining" })).status).toBe(200);
    const fresh = await Promise.all(Array.from({ length: 30 }, () => new Jar().get(at("drained"))));
    expect(fresh.map(({ body }) => body)).not.toContain("p-2");
    expect((await jar.get(at("drained"))).body).toBe("p-2");

    const bound = new Jar();
    await bound.get(at("lone"));
    expect((await patch("lone", "p-3", { state: "draining" })).status).toBe(200);
    const kept = await bound.get(at("lone"));
    expect([kept.status, kept.body, decision(kept).outcome]).toEqual([200, "p-3", "kept"]);
    const stranger = await call(at("lone"));
    expect([stranger.status, lines(stranger)]).toEqual([503, []]);
  });

  it("a client's wrong cookie is taken out of the request and replaced: no pod ever sees the balancer's", async () => {
    const name = lines(await call(at("attributes-1")))[0]!.split("=")[0]!;
    for (const value of ["wrong", "", "A".repeat(96), "a=b"]) {
      const answer = await call(at("attributes-1"), { headers: { cookie: `a=1; ${name}=${value}; b=2` } });
      const pod = pods.find(({ id }) => id === answer.body)!;
      expect(pod.heard.get("GET /attributes-1")?.cookie).toBe("a=1; b=2");
      expect(lines(answer)).toHaveLength(1);
    }
  });

  it("a Cookie header in crumbs reaches the pod as one, joined by semicolons", async () => {
    // A probe that came after it had been taken for it.
    for (const pod of pods) pod.heard.clear();
    await rawGet(stack.url, "/round-robin", ["Cookie: a=1", "Cookie: b=2", "Cookie: c=3; d=4"]);
    expect(pods.map((pod) => pod.heard.get("GET /round-robin")?.cookie).filter(Boolean)).toEqual([
      "a=1; b=2; c=3; d=4",
    ]);
  });

  it("sessions outlive a reload: pods come and go, others move nowhere, a new url keeps its id's sessions", async () => {
    const homes = await oneOnEach("reloaded", ["p-0", "p-1", "p-2"]);
    const three = listed(pods.slice(0, 3));
    for (const list of [
      [...three].reverse(),
      [...three, ...listed(pods.slice(3))],
      three.map((pod) => ({ ...pod, weight: 7 })),
    ]) {
      expect((await stack.put(peerConfig(pods, { reloaded: { pods: list } }))).status).toBe(200);
      for (const [home, jar] of homes) expect((await jar.get(at("reloaded"))).body).toBe(home);
    }
    // The same id at another address, as after a restart of the pod: it is p-3 that answers there.
    const elsewhere = three.map((pod) => (pod.id === "p-1" ? { ...pod, url: pods[3]!.url } : pod));
    expect((await stack.put(peerConfig(pods, { reloaded: { pods: elsewhere } }))).status).toBe(200);
    const answer = await homes.get("p-1")!.get(at("reloaded"));
    expect([answer.body, decision(answer)]).toMatchObject(["p-3", { outcome: "kept", pod: "p-1" }]);
  });

  it("GET and HEAD are tried at the next pod after a failure, a POST never, on a used connection either", async () => {
    for (const method of ["GET", "HEAD"]) {
      const statuses: number[] = [];
      for (let i = 0; i < 4; i++) statuses.push((await call(at("some-dead"), { method })).status);
      expect(statuses).toContain(200);
    }
    const jar = new Jar();
    const home = await jar.get(at("random"));
    for (let i = 0; i < 3; i++) {
      // Its connection to the pod is warm now, and breaks under the POST.
      await jar.get(at("random"));
      const posted = await jar.get(at(`random/${i}/used`), { method: "POST", body: "x=1" });
      expect([posted.status, lines(posted)]).toEqual([502, []]);
      expect(arrivals(`POST /random/${i}/used`)).toBe(1);
    }
    expect((await jar.get(at("random"))).body).toBe(home.body);
  });

  it("no more than two pods are tried, one where the pool says so, and a pod that hangs is waited for once", async () => {
    // Each pod that is tried resets. workerd itself repeats a GET on a connection that it had used before: these have a body.
    const put = async (path: string) => {
      const { host } = new URL(stack.url);
      const head = [
        `PUT /${path} HTTP/1.1`,
        `Host: ${host}`,
        "Connection: close",
        "Content-Length: 1",
        "",
        "x",
      ];
      return raw(stack.url, head.join("\r\n"));
    };
    expect(await put("random/body/reset")).toMatch(/^HTTP\/1\.1 502 /);
    expect(arrivals("PUT /random/body/reset")).toBe(1);
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await call(at("once"))).status);
    // Its own suspicion sends it past the dead pod after the first failure.
    expect(statuses[0] === 503 || statuses[1] === 503).toBe(true);
    expect(statuses.slice(2)).toEqual([200, 200, 200, 200]);

    const hung = await call(at("hanging/hang"));
    expect([hung.status, lines(hung)]).toEqual([504, []]);
    expect(arrivals("GET /hanging/hang")).toBe(1);
  });
});
