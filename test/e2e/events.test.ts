import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Jar } from "../../tools/fleet/client.ts";
import { ADMIN, type Fleet, SECRET, SHARED, startFleet } from "../../tools/fleet/fleet.ts";
import { Follower } from "../support/follower.ts";

type Event = Readonly<Record<string, unknown>>;

const LEDGER = ["at", "sid", "epoch", "pool", "from", "to", "cause"];
/** What an event or an entry of the ledger says of a break, as one text. */
const said = (one: object) => JSON.stringify(LEDGER.map((key) => (one as Event)[key]));
const ids = (events: readonly Event[]) => events.map(({ id }) => Number(id));
const PATIENCE = { timeout: 15_000 };

describe("what happens is told by one vocabulary", () => {
  let fleet: Fleet;
  let stream: Follower;

  beforeAll(async () => {
    // The first edge writes klog's form, the second one JSON.
    const edgeEnv = (edge: number): Record<string, string> => (edge === 1 ? { MOORING_LOG: "json" } : {});
    fleet = await startFleet({ edges: 2, pods: 3, edgeEnv, env: { MOORING_LOG: "yaml" } });
    stream = await Follower.open(fleet.url);
  });
  afterAll(async () => {
    await stream?.leave();
    await fleet?.stop();
  });

  const list = async (query = "") => {
    const headers = { accept: "application/json" };
    const { json } = await fleet.admin.send<{ events: Event[]; cursor: string | null }>(
      "GET",
      `/v1/events${query}`,
      { headers },
    );
    return json;
  };
  const order = (pod: string, state: string) =>
    fleet.admin.send("PATCH", `/v1/pools/web/pods/${pod}`, { body: { state } });

  it("a form of lines that is none is told, and the usual one is written", () => {
    expect(fleet.coordinator.log).toMatch(
      /^E\d{4} .* "Setting not valid" name="MOORING_LOG" error="\\"yaml\\" is no form of lines: write json, or klog/m,
    );
  });

  it("a warm request writes nothing", async () => {
    const jar = new Jar();
    await jar.get(fleet.url);
    const logs = () => [fleet.coordinator, ...fleet.edges].map(({ log }) => log);
    const before = logs();
    for (let i = 0; i < 200; i++) expect((await jar.get(fleet.url)).status).toBe(200);
    // The next heartbeat has told of them.
    const counted = async () => (await fleet.internal<{ requests: object[] }>("/counts")).requests;
    await expect
      .poll(counted, PATIENCE)
      .toContainEqual({ pool: "web", outcome: "kept", code: 200, count: 200 });
    expect(logs()).toEqual(before);
  });

  it("each break of a pod that dies is one event, one line of each who saw it, and one entry of the ledger", async () => {
    expect([stream.status, stream.type]).toEqual([200, "text/event-stream"]);
    const jars = Array.from({ length: 24 }, () => new Jar());
    const homes = new Map<Jar, string>();
    for (const jar of jars) homes.set(jar, (await jar.get(fleet.url)).body.trim());
    const victim = homes.get(jars[0]!)!;
    const theirs = jars.filter((jar) => homes.get(jar) === victim);
    await fleet.pod(victim).kill();
    // Two clients with one cookie, at both edges: both see the break, and it is one.
    for (const jar of theirs) {
      const twin = new Jar();
      for (const [name, value] of jar.cookies) twin.cookies.set(name, value);
      await Promise.all([jar.get(fleet.edges[0]!.url), twin.get(fleet.edges[1]!.url)]);
    }
    await expect.poll(() => stream.of("session-rebound").length, PATIENCE).toBe(theirs.length);
    const { breaks } = await fleet.breaks();
    expect(breaks.every(({ from, cause }) => from === victim && cause === "pod-gone")).toBe(true);
    expect(stream.of("session-rebound").map(said).sort()).toEqual(breaks.map(said).sort());

    const lines = (log: string) => log.split("\n").filter((line) => line.includes("Rebound session"));
    const told = lines(fleet.coordinator.log);
    expect(told).toHaveLength(breaks.length);
    for (const { id, pool, from, to, cause, sid, epoch } of stream.of("session-rebound")) {
      const pairs = `pool="${pool}" from="${from}" to="${to}" cause="${cause}" sid="${sid}" epoch=${epoch}`;
      expect(
        told.filter((line) => line.endsWith(`coordinator:${id}] "Rebound session" ${pairs}`)),
      ).toHaveLength(1);
    }
    const known = new Set(breaks.map(({ sid }) => sid));
    const [klog, json] = fleet.edges.map(({ log }) => lines(log));
    expect(klog!.length + json!.length).toBeGreaterThanOrEqual(breaks.length);
    for (const line of klog!) {
      expect(line).toMatch(
        /^I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ edge:\d+\] "Rebound session" pool="web" from="/,
      );
      expect(known).toContain(/ sid="([0-9a-f]{32})"/.exec(line)?.[1]);
    }
    for (const line of json!) expect(known).toContain(JSON.parse(line).sid);
  });

  it("who comes back with the last id misses nothing, though the coordinator was killed in between", async () => {
    await order("web-0", "disabled");
    await expect.poll(() => stream.of("order-given").length, PATIENCE).toBe(1);
    const before = stream.lastId;
    await stream.leave();
    await order("web-0", "ready");
    await fleet.coordinator.kill();
    await fleet.coordinator.restart();
    await order("web-0", "disabled");
    await order("web-0", "ready");
    stream = await Follower.open(fleet.edges[1]!.url, { after: before });
    await expect.poll(() => stream.of("order-given").length, PATIENCE).toBe(3);
    expect(stream.of("order-given")).toMatchObject([
      { message: "Order given", severity: "I", pool: "web", pod: "web-0", state: "ready", who: "admin" },
      { state: "disabled" },
      { state: "ready" },
    ]);
    const all = stream.heard.map(({ data }) => data);
    expect(stream.of("gap")).toEqual([]);
    expect(ids(all)).toEqual(all.map((_, i) => Number(before) + 1 + i));
  });

  it("as JSON it is the last of the same, the newest first, by pages and by kinds", async () => {
    const whole = await list();
    const { events: newest, cursor } = await list("?limit=2");
    const { events: older } = await list(`?limit=2&cursor=${cursor}`);
    expect([...newest, ...older]).toEqual(whole.events.slice(0, 4));
    expect(whole.events[0]).toEqual(stream.heard.at(-1)!.data);
    expect(whole.events.at(-1)).toMatchObject({ kind: "config-applied", revision: 1, who: "MOORING_CONFIG" });
    const orders = await list("?kinds=order-given,config-applied");
    expect(new Set(orders.events.map(({ kind }) => kind))).toEqual(
      new Set(["order-given", "config-applied"]),
    );
    const some = await Follower.open(fleet.url, {
      after: String(ids(whole.events).at(-1)),
      query: "?kinds=order-given",
    });
    await expect.poll(() => some.heard.length, PATIENCE).toBe(4);
    expect(some.heard.every(({ event }) => event === "order-given")).toBe(true);
    await some.leave();
  });

  it("refuses what it cannot do, and says what it can", async () => {
    const get = (query: string, headers: Record<string, string> = {}) =>
      fleet.admin.send<{ code: string; detail: string }>("GET", `/v1/events${query}`, { headers });
    const strange = await get("?kinds=order-given,none");
    expect([strange.status, strange.json.detail]).toEqual([
      400,
      expect.stringContaining("session-rebound, "),
    ]);
    // Edges tell of these in their own logs alone.
    expect((await get("?kinds=heartbeat-failed")).status).toBe(400);
    expect((await get("?limit=5")).json.detail).toContain("Accept: application/json");
    expect((await get("", { "last-event-id": "x" })).status).toBe(400);
    const head = await fleet.admin.send("HEAD", "/v1/events");
    expect([head.status, head.headers["content-type"], head.body]).toEqual([200, "text/event-stream", ""]);
  });

  it("lets a hundred follow, tells the next one, and gives the place of each that leaves to another", async () => {
    await stream.leave();
    const open = () => Follower.open(fleet.url);
    const first: Follower[] = [];
    // Who left before is noticed once somebody is refused for it.
    while (first.length < 100) {
      const one = await open();
      if (one.status === 200) first.push(one);
    }
    const crowd = await fleet.admin.send<{ code: string }>("GET", "/v1/events");
    expect([crowd.status, crowd.json.code, crowd.headers["retry-after"]]).toEqual([
      503,
      "too-many-streams",
      "2",
    ]);
    await Promise.all(first.map((one) => one.leave()));
    await expect
      .poll(async () => {
        const one = await open();
        await one.leave();
        return one.status;
      }, PATIENCE)
      .toBe(200);
    stream = await open();
  });

  it("ends with its coordinator, and tells of the gap where that comes back with another disk", async () => {
    const before = (await list()).events[0]!;
    await fleet.coordinator.kill();
    await stream.ended;
    await new Jar().get(fleet.url);
    await expect
      .poll(() => fleet.edges[0]!.log, PATIENCE)
      .toMatch(/^W.* edge:\d+\] "Heartbeat failed" error="/m);
    await fleet.coordinator.restart({ empty: true });
    stream = await Follower.open(fleet.url, { after: String(before.id) });
    await expect.poll(() => stream.of("config-applied").length, PATIENCE).toBe(1);
    const [gap, ...rest] = stream.heard;
    expect(gap).toMatchObject({ event: "gap", data: { after: before.id } });
    expect(rest[0]!.data.id).toBe(gap!.data.first);
    expect(Number(gap!.data.first)).toBeGreaterThan(Number(before.id));
  });

  it("never names a secret, nor the address of a pod", () => {
    const all = [fleet.coordinator.log, ...fleet.edges.map(({ log }) => log), stream.text].join("\n");
    for (const secret of [ADMIN, SECRET, SHARED, ...fleet.pods.map(({ url }) => new URL(url).host)])
      expect(all).not.toContain(secret);
  });
});
