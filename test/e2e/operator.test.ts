import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";

const redis = findRedisServer() !== undefined;

interface Session {
  readonly sid: string;
  readonly pool: string;
  readonly pod: string;
  readonly home: string;
  readonly epoch: number;
  readonly created: number;
  readonly seen: number;
  readonly expires: number;
}
type Progress = { state: string; sessions: number; deadline: number | null };
type Ledger = { breaks: { sid: string; from: string; to: string; cause: string }[]; counts: object };

/** One deployment that goes through a day of its operator, in the order of the tests. */
describe(`operating two edges, with ${redis ? "Redis" : "the durable store"}`, () => {
  let fleet: Fleet;
  const jars: Jar[] = [];

  beforeAll(async () => {
    fleet = await startFleet({
      edges: 2,
      pods: 4,
      redis,
      config: (pods) => ({
        version: 1,
        explain: true,
        pools: { web: { drain: "30m", pods: pods.slice(0, 3) }, lone: { pods: pods.slice(3) } },
        routes: [
          { path: "/", pool: "web" },
          { path: "/lone", pool: "lone" },
        ],
      }),
    });
    // One after another: an edge that starts cold under a crowd may take its store for slow, and do without it.
    for (let i = 0; i < 60; i++) {
      const jar = new Jar();
      await jar.get(fleet.edges[i % 2]!.url);
      jars.push(jar);
    }
  }, 60_000);
  afterAll(async () => fleet?.stop());

  const url = (edge: number) => fleet.edges[edge]!.url;
  const tokenOf = async (jar: Jar) => (await fleet.tokens.find(jar, "web")).token;
  const sidOf = async (jar: Jar) => (await tokenOf(jar)).sid;
  const pod = (id: string) => `/v1/pools/web/pods/${id}`;
  const patch = (id: string, body: object, edge = 0) =>
    fleet.admin.send<Progress>("PATCH", pod(id), { body, edge });
  const ledger = async (cause: string) =>
    (await fleet.admin.get<Ledger>(`/v1/ledger?cause=${cause}&limit=1000`)).json;

  const breaksOf = async (sid: string, cause: string) =>
    (await fleet.admin.get<Ledger>(`/v1/ledger?sid=${sid}&cause=${cause}`)).json.breaks;

  async function eventually<T>(ask: () => Promise<T>, good: (found: T) => boolean): Promise<T> {
    const deadline = Date.now() + 10_000;
    for (;;) {
      const found = await ask();
      if (good(found) || Date.now() > deadline) return found;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  /** What a copy of a jar is answered at an edge: the jar itself learns nothing of it. */
  const peek = async (jar: Jar, edge: number) => decision(await jar.copy().get(url(edge)));

  /** The jars by the pod that keeps them. */
  async function on(id: string): Promise<Jar[]> {
    const at = await Promise.all(jars.map(async (jar) => (await peek(jar, 0)).pod));
    return jars.filter((_, i) => at[i] === id);
  }

  const listed = async (id: string) =>
    (await fleet.admin.get<{ sessions: Session[] }>(`/v1/sessions?pod=${id}&limit=1000`)).json.sessions;
  const moveTo = (sid: string, id: string) =>
    fleet.admin.send("POST", `/v1/sessions/${sid}/move`, { body: { pod: id } });

  async function newSessions(edge: number, count: number): Promise<(string | undefined)[]> {
    const answers = await Promise.all(Array.from({ length: count }, () => new Jar().get(url(edge))));
    return answers.map((answer) => decision(answer).pod);
  }

  it("lists sessions with what is known of them, page by page", async () => {
    const all: Session[] = [];
    await eventually(
      async () => {
        all.length = 0;
        let cursor: string | null = "";
        do {
          const path: string = `/v1/sessions?pool=web&limit=7${cursor === "" ? "" : `&cursor=${cursor}`}`;
          const { json } = await fleet.admin.get<{ sessions: Session[]; cursor: string | null }>(path, 1);
          expect(json.sessions.length).toBeLessThanOrEqual(7);
          all.push(...json.sessions);
          cursor = json.cursor;
        } while (cursor !== null);
        return all.length;
      },
      (length) => length === 60,
    );
    const sids = await Promise.all(jars.map(sidOf));
    expect(all.map(({ sid }) => sid).sort()).toEqual([...sids].sort());
    for (const session of all) {
      expect(Object.keys(session).sort()).toEqual(
        ["sid", "pool", "pod", "home", "epoch", "created", "seen", "expires"].sort(),
      );
      expect(session).toMatchObject({ pool: "web", home: session.pod, epoch: 1 });
      // Just created: it was seen then, within the seconds to which a token's times are rounded.
      expect(Math.abs(session.seen - session.created)).toBeLessThanOrEqual(2000);
      expect(session.expires).toBeGreaterThan(session.seen);
    }
    const [first] = all;
    expect((await fleet.admin.get<Session>(`/v1/sessions/${first!.sid}`)).json).toEqual(first);
    const { json } = await fleet.admin.get<{ pods: { id: string; sessions: number; state: string }[] }>(
      "/v1/pools/web/pods",
    );
    for (const { id, sessions, state } of json.pods) {
      expect(sessions).toBe(all.filter((session) => session.pod === id).length);
      expect(state).toBe("ready");
    }
    expect((await fleet.admin.get("/v1/pools")).json).toMatchObject({
      pools: [
        { name: "web", policy: "consistent-hash", pods: 3, states: { ready: 3 }, sessions: 60 },
        { name: "lone" },
      ],
    });
  });

  it("drains a pod: no new session, those it has stay until the deadline, then move once", async () => {
    const own = await on("web-0");
    expect(own.length).toBeGreaterThanOrEqual(10);
    const sids = await Promise.all(own.map(sidOf));
    const before = await fleet.admin.get("/v1/config");
    const drained = await patch("web-0", { state: "draining" });
    expect(drained.status).toBe(200);
    expect(drained.json).toMatchObject({ state: "draining", sessions: own.length });
    expect(drained.json.deadline).toBeGreaterThan(Date.now() + 25 * 60_000);
    // The edge that served the order obeys it at once, the other with its heartbeat.
    expect(await newSessions(0, 30)).not.toContain("web-0");
    const there = await eventually(
      () => newSessions(1, 30),
      (pods) => !pods.includes("web-0"),
    );
    expect(there).not.toContain("web-0");
    // What the other edge bound meanwhile stays as well, until those sessions are moved by hand.
    const late = await listed("web-0");
    for (const { sid } of late.filter(({ sid }) => !sids.includes(sid))) await moveTo(sid, "web-1");
    for (const jar of own) {
      for (const edge of [0, 1])
        expect(await peek(jar, edge)).toMatchObject({ outcome: "kept", pod: "web-0" });
    }
    // An order is no config: neither its revision nor its ETag knows of it.
    const after = await fleet.admin.get("/v1/config");
    expect(after.headers.etag).toBe(before.headers.etag);
    const put = await fleet.admin.putConfig((after.json as { config: object }).config);
    expect(put.status).toBe(200);
    expect((await fleet.admin.get(`${pod("web-0")}/drained`)).json).toMatchObject({
      state: "draining",
      sessions: own.length,
    });

    const waiting = fleet.admin.get<Progress>(`${pod("web-0")}/drained?wait=30s`, 1);
    expect((await patch("web-0", { state: "draining", deadline: "1s" })).json.state).toBe("draining");
    const flipped = await eventually(
      async () => (await fleet.admin.get<Progress>(`${pod("web-0")}/drained`)).json.state,
      (state) => state === "drained",
    );
    expect(flipped).toBe("drained");
    for (const edge of [0, 1]) {
      await eventually(
        () => peek(own[0]!, edge),
        ({ outcome }) => outcome === "moved",
      );
    }
    for (const [i, jar] of own.entries()) {
      const old = jar.copy();
      const moved = decision(await jar.get(url(i % 2)));
      expect(moved).toMatchObject({ outcome: "moved", from: "web-0", cause: "drain-deadline" });
      // The same cookie at the other edge goes the same way, and once moved it stays.
      expect(decision(await old.get(url((i + 1) % 2)))).toMatchObject({ outcome: "moved", pod: moved.pod });
      expect(await peek(jar, 0)).toMatchObject({ outcome: "kept", pod: moved.pod });
    }
    expect((await waiting).json).toMatchObject({ state: "drained", sessions: 0 });
    const { breaks } = await eventually(
      () => ledger("drain-deadline"),
      (told) => told.breaks.length >= own.length,
    );
    expect(breaks.map(({ sid }) => sid).sort()).toEqual((await Promise.all(own.map(sidOf))).sort());
    expect((await patch("web-0", { state: "ready" })).json.state).toBe("ready");
    expect(await newSessions(0, 40)).toContain("web-0");
  });

  /** Two sessions that were revoked and moved, with the cookies from before. */
  const told: { revoked?: Jar; moved?: Jar } = {};

  it("revokes a session at every edge, and puts it into the ledger once", async () => {
    const [jar] = await on("web-1");
    told.revoked = jar!.copy();
    const { sid, epoch } = await tokenOf(jar!);
    const answer = await fleet.admin.send("DELETE", `/v1/sessions/${sid}`);
    expect(answer).toMatchObject({ status: 200, json: { sid, epoch: epoch + 1, cause: "revoked" } });
    expect((await jar!.get(url(0))).status).toBe(200);
    expect(await sidOf(jar!), "the edge that served it obeys at once").not.toBe(sid);
    const other = await eventually(
      () => peek(told.revoked!, 1),
      ({ outcome }) => outcome === "bound",
    );
    expect(other.outcome).toBe("bound");
    // Done again it comes to the same.
    expect((await fleet.admin.send("DELETE", `/v1/sessions/${sid}`, { edge: 1 })).json).toEqual(answer.json);
    expect((await fleet.admin.get(`/v1/sessions/${sid}`)).status).toBe(404);
    expect(await breaksOf(sid, "revoked")).toMatchObject([{ sid, from: "web-1", to: "" }]);
  });

  it("moves a session at every edge, its home with it", async () => {
    const [, jar] = await on("web-1");
    told.moved = jar!.copy();
    const { sid, epoch } = await tokenOf(jar!);
    const path = `/v1/sessions/${sid}/move`;
    const answer = await fleet.admin.send<Session>("POST", path, { body: { pod: "web-2" }, edge: 1 });
    expect(answer).toMatchObject({
      status: 200,
      json: { sid, pod: "web-2", home: "web-2", epoch: epoch + 1 },
    });
    expect((await fleet.admin.get<Session>(`/v1/sessions/${sid}`)).json).toEqual(answer.json);
    const here = decision(await jar!.get(url(1)));
    expect(here).toMatchObject({ outcome: "moved", pod: "web-2", from: "web-1", cause: "moved-by-operator" });
    const there = await eventually(
      () => peek(told.moved!, 0),
      ({ outcome }) => outcome === "moved",
    );
    expect(there).toMatchObject({ outcome: "moved", pod: "web-2", cause: "moved-by-operator" });
    expect(await peek(jar!, 0)).toMatchObject({ outcome: "kept", pod: "web-2" });
    const cause = "moved-by-operator";
    expect(await breaksOf(sid, cause)).toMatchObject([{ sid, from: "web-1", to: "web-2" }]);
    expect((await fleet.admin.send("POST", path, { body: { pod: "web-2" } })).status).toBe(200);
    expect(await breaksOf(sid, cause)).toHaveLength(1);
  });

  it("says what is wrong with a request, and what to do", async () => {
    const sid = await sidOf((await on("web-2"))[0]!);
    const own = `/v1/sessions/${sid}`;
    const nobody = `/v1/sessions/${"0".repeat(32)}`;
    const cases: [string, string, object | undefined, number, string][] = [
      ["GET", "/v1/pools/none/pods", undefined, 404, "no-such-pool"],
      ["PATCH", pod("none"), { state: "ready" }, 404, "no-such-pod"],
      ["PATCH", pod("web-1"), { state: "gone" }, 422, "invalid-request"],
      ["PATCH", pod("none"), { weight: 3 }, 404, "no-such-pod"],
      ["PATCH", pod("web-1"), { weight: -1 }, 422, "invalid-request"],
      ["PATCH", pod("web-1"), { state: "draining", deadline: 30 }, 422, "invalid-request"],
      ["PATCH", pod("web-1"), { state: "disabled", deadline: "5m" }, 422, "invalid-request"],
      ["GET", nobody, undefined, 404, "no-such-session"],
      ["DELETE", nobody, undefined, 404, "no-such-session"],
      ["POST", `${nobody}/move`, { pod: "web-1" }, 404, "no-such-session"],
      ["POST", `${own}/move`, { pod: "web-3" }, 409, "other-scope"],
      ["POST", `${own}/move`, { pod: "web-9" }, 422, "no-such-pod"],
      ["POST", `${own}/move`, {}, 422, "invalid-request"],
      ["GET", "/v1/sessions?cursor=x", undefined, 400, "invalid-query"],
      ["GET", "/v1/sessions?pod=none", undefined, 404, "no-such-pod"],
      ["GET", "/v1/ledger?cause=x", undefined, 400, "invalid-query"],
      ["GET", `${pod("web-1")}/drained?wait=1`, undefined, 400, "invalid-query"],
      ["DELETE", "/v1/ledger", undefined, 405, "method"],
    ];
    for (const [method, path, body, status, code] of cases) {
      const options = body === undefined ? {} : { body };
      const answer = await fleet.admin.send<{ detail: string }>(method, path, options);
      expect(answer, `${method} ${path}`).toMatchObject({ status, json: { code } });
      expect(answer.headers["content-type"]).toBe("application/problem+json");
      expect(answer.json.detail).not.toBe("");
    }
  });

  it("moves the sessions of a pod that is disabled, by the operator's word", async () => {
    const own = await on("web-1");
    expect(own.length).toBeGreaterThan(0);
    expect((await patch("web-1", { state: "disabled" }, 1)).json).toMatchObject({ state: "disabled" });
    for (const jar of own) {
      const there = decision(await jar.copy().get(url(1)));
      expect(there).toMatchObject({ outcome: "moved", from: "web-1", cause: "moved-by-operator" });
      expect(decision(await jar.get(url(1)))).toMatchObject({ outcome: "moved", pod: there.pod });
    }
    const sid = await sidOf(own[0]!);
    const back = await fleet.admin.send("POST", `/v1/sessions/${sid}/move`, { body: { pod: "web-1" } });
    expect(back).toMatchObject({ status: 409, json: { code: "pod-not-ready" } });
  });

  it("keeps all of it over a crash of the coordinator, and of an edge that then begins anew", async () => {
    const etag = (await fleet.admin.get("/v1/config")).headers.etag;
    const history = (await fleet.admin.get<{ revisions: object[] }>("/v1/config/history")).json;
    expect(history.revisions).toMatchObject([{ revision: 2, who: "admin" }, { revision: 1 }]);
    await patch("web-2", { state: "draining", deadline: "1s" });
    await fleet.coordinator.restart();
    await fleet.edges[1]!.restart();
    const standing = async () =>
      (await fleet.admin.get<{ pods: { id: string; state: string }[] }>("/v1/pools/web/pods", 1)).json.pods;
    // Its deadline passed while nobody was there, or soon after.
    const pods = await eventually(standing, (found) => found[2]!.state === "drained");
    expect(pods.map(({ state }) => state)).toEqual(["ready", "disabled", "drained"]);
    expect((await fleet.admin.get("/v1/config")).headers.etag).toBe(etag);
    for (const edge of [0, 1]) {
      expect(await peek(told.revoked!, edge)).toMatchObject({ outcome: "bound" });
      // Where it was moved to is drained by now: it goes on from there, and not from where the cookie says.
      const moved = await eventually(
        () => peek(told.moved!, edge),
        (found) => found.pod === "web-0",
      );
      expect(moved).toMatchObject({ outcome: "moved", pod: "web-0" });
    }
    // All learn where they are before the drained pod is back, which would keep whoever still names it.
    for (const jar of jars) expect(decision(await jar.get(url(0))).pod).not.toBe("web-2");
    expect((await ledger("revoked")).breaks).toHaveLength(1);
    expect((await ledger("revoked")).counts).toMatchObject({ revoked: 1 });
    expect((await patch("web-2", { state: "ready" })).json).toMatchObject({ state: "ready", deadline: null });
    expect((await patch("web-1", { state: "ready" })).json).toMatchObject({ state: "ready" });
  });

  it("drains and waits in one call, as a preStop hook does", async () => {
    const all = await on("web-0");
    expect(all.length).toBeGreaterThan(0);
    // Sessions of tests before that no jar holds any more would be counted to the end: they are moved by hand.
    const held = new Set(await Promise.all(all.map(sidOf)));
    for (const { sid } of await listed("web-0")) if (!held.has(sid)) await moveTo(sid, "web-1");
    const done = fleet.admin.send<Progress>("POST", `${pod("web-0")}/drain?wait=20s&deadline=1s`);
    await eventually(
      () => peek(all[0]!, 0),
      ({ outcome }) => outcome === "moved",
    );
    // All at once: the call ends 2.5 s after the deadline, whoever has not come back by then.
    await Promise.all(all.map((one) => one.get(url(0))));
    expect(await done).toMatchObject({ status: 200, json: { state: "drained", sessions: 0 } });
    // The hook of a pod that is out already changes nothing.
    const again = await fleet.admin.send<Progress>("POST", `${pod("web-0")}/drain?wait=20s`, { edge: 1 });
    expect(again).toMatchObject({ status: 200, json: { state: "drained", sessions: 0 } });
  });

  it.skipIf(!redis)("finds config and salt in the store when the coordinator loses its disk", async () => {
    const before = await fleet.internal<{ document: string; salt: string }>("/config");
    await eventually(
      async () => (await fleet.redis!.call("GET", "mooring:snapshot")) as string | null,
      (text) => text?.includes(before.salt) === true,
    );
    await fleet.coordinator.restart({ empty: true });
    const after = await fleet.internal<{ document: string; salt: string }>("/config");
    expect(after).toMatchObject({ document: before.document, salt: before.salt });
    // What edges had heard they go on refusing: the new disk knows nothing of it.
    expect((await fleet.admin.get("/v1/pools")).status).toBe(200);
    expect(await peek(told.revoked!, 0)).toMatchObject({ outcome: "bound" });
  });

  it.skipIf(!redis)("changes nothing while the store is down", async () => {
    const [jar] = await on("web-1");
    // It may have come here from a drained pod, and must have its cookie for that.
    await jar!.get(url(0));
    const sid = await sidOf(jar!);
    await fleet.redis!.kill();
    for (const [method, path, body] of [
      ["DELETE", `/v1/sessions/${sid}`, undefined],
      ["POST", `/v1/sessions/${sid}/move`, { pod: "web-2" }],
      ["GET", `/v1/sessions/${sid}`, undefined],
      ["GET", `${pod("web-1")}/drained`, undefined],
    ] as const) {
      const answer = await fleet.admin.send(method, path, body === undefined ? {} : { body });
      expect(answer, `${method} ${path}`).toMatchObject({ status: 503, json: { code: "store-down" } });
    }
    expect(await peek(jar!, 0)).toMatchObject({ outcome: "kept", pod: "web-1" });
    expect(await breaksOf(sid, "revoked")).toEqual([]);
    // Orders need no store.
    expect((await patch("web-2", { state: "draining" })).json).toMatchObject({
      state: "draining",
      sessions: null,
    });
    await fleet.redis!.restart();
  });

  it("goes on refusing what it heard when the coordinator loses its disk", async () => {
    await fleet.coordinator.restart({ empty: true });
    await eventually(
      () => fleet.internal<{ revision: number } | null>("/config"),
      (record) => record !== null,
    );
    expect((await fleet.admin.get("/v1/pools")).status).toBe(200);
    expect(await peek(told.revoked!, 0)).toMatchObject({ outcome: "bound" });
  });
});
