import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decision, type Jar } from "../../tools/fleet/client.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { Operated, type Progress, podPath, redis, type Session } from "../support/operated.ts";

/** One deployment that goes through a day of its operator, in the order of the tests. */
describe(`operating two edges, with ${redis ? "Redis" : "the durable store"}`, () => {
  let operated: Operated;

  beforeAll(async () => {
    operated = await Operated.start();
  }, 60_000);
  afterAll(async () => operated?.stop());

  it("drains a pod: no new session, those it has stay until the deadline, then move once", async () => {
    const own = await operated.on("web-0");
    expect(own.length).toBeGreaterThanOrEqual(10);
    const sids = await Promise.all(own.map((jar) => operated.sidOf(jar)));
    const before = await operated.admin.get("/v1/config");
    const drained = await operated.patch("web-0", { state: "draining" });
    expect(drained.status).toBe(200);
    expect(drained.json).toMatchObject({ state: "draining", sessions: own.length });
    expect(drained.json.deadline).toBeGreaterThan(Date.now() + 25 * 60_000);
    // The edge that served the order obeys it at once, the other with its heartbeat.
    expect(await operated.newSessions(0, 30)).not.toContain("web-0");
    const there = await eventually(
      () => operated.newSessions(1, 30),
      (pods) => !pods.includes("web-0"),
    );
    expect(there).not.toContain("web-0");
    // What the other edge bound meanwhile stays as well, until those sessions are moved by hand.
    const late = await operated.listed("web-0");
    for (const { sid } of late.filter(({ sid }) => !sids.includes(sid))) await operated.moveTo(sid, "web-1");
    for (const jar of own) {
      for (const edge of [0, 1])
        expect(await operated.peek(jar, edge)).toMatchObject({ outcome: "kept", pod: "web-0" });
    }
    // An order is no config: neither its revision nor its ETag knows of it.
    const after = await operated.admin.get("/v1/config");
    expect(after.headers.etag).toBe(before.headers.etag);
    const put = await operated.admin.putConfig((after.json as { config: object }).config);
    expect(put.status).toBe(200);
    expect((await operated.admin.get(`${podPath("web-0")}/drained`)).json).toMatchObject({
      state: "draining",
      sessions: own.length,
    });

    const waiting = operated.admin.get<Progress>(`${podPath("web-0")}/drained?wait=30s`, 1);
    expect((await operated.patch("web-0", { state: "draining", deadline: "1s" })).json.state).toBe(
      "draining",
    );
    const flipped = await eventually(
      async () => (await operated.admin.get<Progress>(`${podPath("web-0")}/drained`)).json.state,
      (state) => state === "drained",
    );
    expect(flipped).toBe("drained");
    for (const edge of [0, 1]) {
      await eventually(
        () => operated.peek(own[0]!, edge),
        ({ outcome }) => outcome === "moved",
      );
    }
    for (const [i, jar] of own.entries()) {
      const old = jar.copy();
      const moved = decision(await jar.get(operated.url(i % 2)));
      expect(moved).toMatchObject({ outcome: "moved", from: "web-0", cause: "drain-deadline" });
      // The same cookie at the other edge goes the same way, and once moved it stays.
      expect(decision(await old.get(operated.url((i + 1) % 2)))).toMatchObject({
        outcome: "moved",
        pod: moved.pod,
      });
      expect(await operated.peek(jar, 0)).toMatchObject({ outcome: "kept", pod: moved.pod });
    }
    expect((await waiting).json).toMatchObject({ state: "drained", sessions: 0 });
    const { breaks } = await eventually(
      () => operated.ledger("drain-deadline"),
      (told) => told.breaks.length >= own.length,
    );
    expect(breaks.map(({ sid }) => sid).sort()).toEqual(
      (await Promise.all(own.map((jar) => operated.sidOf(jar)))).sort(),
    );
    expect((await operated.patch("web-0", { state: "ready" })).json.state).toBe("ready");
    expect(await operated.newSessions(0, 40)).toContain("web-0");
  });

  /** Two sessions that were revoked and moved, with the cookies from before. */
  const told: { revoked?: Jar; moved?: Jar } = {};

  it("revokes a session at every edge, and puts it into the ledger once", async () => {
    const [jar] = await operated.on("web-1");
    told.revoked = jar!.copy();
    const { sid, epoch } = await operated.tokenOf(jar!);
    const answer = await operated.admin.send("DELETE", `/v1/sessions/${sid}`);
    expect(answer).toMatchObject({ status: 200, json: { sid, epoch: epoch + 1, cause: "revoked" } });
    expect((await jar!.get(operated.url(0))).status).toBe(200);
    expect(await operated.sidOf(jar!), "the edge that served it obeys at once").not.toBe(sid);
    const other = await eventually(
      () => operated.peek(told.revoked!, 1),
      ({ outcome }) => outcome === "bound",
    );
    expect(other.outcome).toBe("bound");
    // Done again it comes to the same.
    expect((await operated.admin.send("DELETE", `/v1/sessions/${sid}`, { edge: 1 })).json).toEqual(
      answer.json,
    );
    expect((await operated.admin.get(`/v1/sessions/${sid}`)).status).toBe(404);
    expect(await operated.breaksOf(sid, "revoked")).toMatchObject([{ sid, from: "web-1", to: "" }]);
  });

  it("moves a session at every edge, its home with it", async () => {
    const [, jar] = await operated.on("web-1");
    told.moved = jar!.copy();
    const { sid, epoch } = await operated.tokenOf(jar!);
    const path = `/v1/sessions/${sid}/move`;
    const answer = await operated.admin.send<Session>("POST", path, { body: { pod: "web-2" }, edge: 1 });
    expect(answer).toMatchObject({
      status: 200,
      json: { sid, pod: "web-2", home: "web-2", epoch: epoch + 1 },
    });
    expect((await operated.admin.get<Session>(`/v1/sessions/${sid}`)).json).toEqual(answer.json);
    const here = decision(await jar!.get(operated.url(1)));
    expect(here).toMatchObject({ outcome: "moved", pod: "web-2", from: "web-1", cause: "moved-by-operator" });
    const there = await eventually(
      () => operated.peek(told.moved!, 0),
      ({ outcome }) => outcome === "moved",
    );
    expect(there).toMatchObject({ outcome: "moved", pod: "web-2", cause: "moved-by-operator" });
    expect(await operated.peek(jar!, 0)).toMatchObject({ outcome: "kept", pod: "web-2" });
    const cause = "moved-by-operator";
    expect(await operated.breaksOf(sid, cause)).toMatchObject([{ sid, from: "web-1", to: "web-2" }]);
    expect((await operated.admin.send("POST", path, { body: { pod: "web-2" } })).status).toBe(200);
    expect(await operated.breaksOf(sid, cause)).toHaveLength(1);
  });

  it("moves the sessions of a pod that is disabled, by the operator's word", async () => {
    const own = await operated.on("web-1");
    expect(own.length).toBeGreaterThan(0);
    expect((await operated.patch("web-1", { state: "disabled" }, 1)).json).toMatchObject({
      state: "disabled",
    });
    for (const jar of own) {
      const there = decision(await jar.copy().get(operated.url(1)));
      expect(there).toMatchObject({ outcome: "moved", from: "web-1", cause: "moved-by-operator" });
      expect(decision(await jar.get(operated.url(1)))).toMatchObject({ outcome: "moved", pod: there.pod });
    }
    const sid = await operated.sidOf(own[0]!);
    const back = await operated.admin.send("POST", `/v1/sessions/${sid}/move`, { body: { pod: "web-1" } });
    expect(back).toMatchObject({ status: 409, json: { code: "pod-not-ready" } });
  });

  it("keeps all of it over a crash of the coordinator, and of an edge that then begins anew", async () => {
    const etag = (await operated.admin.get("/v1/config")).headers.etag;
    const history = (await operated.admin.get<{ revisions: object[] }>("/v1/config/history")).json;
    expect(history.revisions).toMatchObject([{ revision: 2, who: "admin" }, { revision: 1 }]);
    await operated.patch("web-2", { state: "draining", deadline: "1s" });
    await operated.fleet.coordinator.restart();
    await operated.fleet.edges[1]!.restart();
    const standing = async () =>
      (await operated.admin.get<{ pods: { id: string; state: string }[] }>("/v1/pools/web/pods", 1)).json
        .pods;
    // Its deadline passed while nobody was there, or soon after.
    const pods = await eventually(standing, (found) => found[2]!.state === "drained");
    expect(pods.map(({ state }) => state)).toEqual(["ready", "disabled", "drained"]);
    expect((await operated.admin.get("/v1/config")).headers.etag).toBe(etag);
    for (const edge of [0, 1]) {
      expect(await operated.peek(told.revoked!, edge)).toMatchObject({ outcome: "bound" });
      // Where it was moved to is drained by now: it goes on from there, and not from where the cookie says.
      const moved = await eventually(
        () => operated.peek(told.moved!, edge),
        (found) => found.pod === "web-0",
      );
      expect(moved).toMatchObject({ outcome: "moved", pod: "web-0" });
    }
    // All learn where they are before the drained pod is back, which would keep whoever still names it.
    for (const jar of operated.jars) expect(decision(await jar.get(operated.url(0))).pod).not.toBe("web-2");
    expect((await operated.ledger("revoked")).breaks).toHaveLength(1);
    expect((await operated.ledger("revoked")).counts).toMatchObject({ revoked: 1 });
    expect((await operated.patch("web-2", { state: "ready" })).json).toMatchObject({
      state: "ready",
      deadline: null,
    });
    expect((await operated.patch("web-1", { state: "ready" })).json).toMatchObject({ state: "ready" });
  });

  it("drains and waits in one call, as a preStop hook does", async () => {
    const all = await operated.on("web-0");
    expect(all.length).toBeGreaterThan(0);
    // Sessions of tests before that no jar holds any more would be counted to the end: they are moved by hand.
    const held = new Set(await Promise.all(all.map((jar) => operated.sidOf(jar))));
    for (const { sid } of await operated.listed("web-0"))
      if (!held.has(sid)) await operated.moveTo(sid, "web-1");
    const done = operated.admin.send<Progress>("POST", `${podPath("web-0")}/drain?wait=20s&deadline=1s`);
    await eventually(
      () => operated.peek(all[0]!, 0),
      ({ outcome }) => outcome === "moved",
    );
    // All at once: the call ends 2.5 s after the deadline, whoever has not come back by then.
    await Promise.all(all.map((one) => one.get(operated.url(0))));
    expect(await done).toMatchObject({ status: 200, json: { state: "drained", sessions: 0 } });
    // The hook of a pod that is out already changes nothing.
    const again = await operated.admin.send<Progress>("POST", `${podPath("web-0")}/drain?wait=20s`, {
      edge: 1,
    });
    expect(again).toMatchObject({ status: 200, json: { state: "drained", sessions: 0 } });
  });

  it.skipIf(!redis)("finds config and salt in the store when the coordinator loses its disk", async () => {
    const before = await operated.fleet.internal<{ document: string; salt: string }>("/config");
    await eventually(
      async () => (await operated.fleet.redis!.call("GET", "mooring:snapshot")) as string | null,
      (text) => text?.includes(before.salt) === true,
    );
    await operated.fleet.coordinator.restart({ empty: true });
    const after = await operated.fleet.internal<{ document: string; salt: string }>("/config");
    expect(after).toMatchObject({ document: before.document, salt: before.salt });
    // What edges had heard they go on refusing: the new disk knows nothing of it.
    expect((await operated.admin.get("/v1/pools")).status).toBe(200);
    expect(await operated.peek(told.revoked!, 0)).toMatchObject({ outcome: "bound" });
  });

  it.skipIf(!redis)("changes nothing while the store is down", async () => {
    const [jar] = await operated.on("web-1");
    // It may have come here from a drained pod, and must have its cookie for that.
    await jar!.get(operated.url(0));
    const sid = await operated.sidOf(jar!);
    await operated.fleet.redis!.kill();
    for (const [method, path, body] of [
      ["DELETE", `/v1/sessions/${sid}`, undefined],
      ["POST", `/v1/sessions/${sid}/move`, { pod: "web-2" }],
      ["GET", `/v1/sessions/${sid}`, undefined],
      ["GET", `${podPath("web-1")}/drained`, undefined],
    ] as const) {
      const answer = await operated.admin.send(method, path, body === undefined ? {} : { body });
      expect(answer, `${method} ${path}`).toMatchObject({ status: 503, json: { code: "store-down" } });
    }
    expect(await operated.peek(jar!, 0)).toMatchObject({ outcome: "kept", pod: "web-1" });
    expect(await operated.breaksOf(sid, "revoked")).toEqual([]);
    // Orders need no store.
    expect((await operated.patch("web-2", { state: "draining" })).json).toMatchObject({
      state: "draining",
      sessions: null,
    });
    await operated.fleet.redis!.restart();
  });

  it("goes on refusing what it heard when the coordinator loses its disk", async () => {
    await operated.fleet.coordinator.restart({ empty: true });
    await eventually(
      () => operated.fleet.internal<{ revision: number } | null>("/config"),
      (record) => record !== null,
    );
    expect((await operated.admin.get("/v1/pools")).status).toBe(200);
    expect(await operated.peek(told.revoked!, 0)).toMatchObject({ outcome: "bound" });
  });
});
