import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { EVERY, RULES } from "../../src/metrics/rules.ts";
import { Jar } from "../../tools/fleet/client.ts";
import { type Fleet, type ListedPod, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually, inParallel } from "../../tools/fleet/wait.ts";
import { alertsOf, expectQuiet, stateOf } from "../support/alert-rules.ts";
import { Steady } from "../support/steady.ts";
import { PATH, Receiver } from "../support/webhook.ts";

interface Event {
  readonly kind: string;
  readonly at: number;
  readonly rule: string;
  readonly pool: string;
  readonly value: number;
}

/** Five pods at `/`, one at `/slow` that is slow where it is asked to be, and one at `/lone`. */
const threePools = (pods: readonly ListedPod[]) => ({
  version: 1,
  pools: {
    web: { pods: pods.slice(0, 5), health: { readiness: { path: "/ready", period: "1s", failure: 1 } } },
    slow: { pods: pods.slice(5, 6) },
    lone: { pods: pods.slice(6) },
  },
  routes: [
    { path: "/", pool: "web" },
    { path: "/slow", pool: "slow" },
    { path: "/lone", pool: "lone" },
  ],
});

/** All rules over one stretch of real traffic, as their windows are long: each test finds what the one before began. */
describe("alerts", { timeout: 120_000 }, () => {
  let fleet: Fleet;
  let receiver: Receiver;
  let traffic: Steady;

  beforeAll(async () => {
    receiver = await Receiver.start();
    const env = { MOORING_ALERT_WEBHOOK: receiver.url };
    fleet = await startFleet({ edges: 2, pods: 7, env, config: threePools });
  }, 60_000);
  afterAll(async () => {
    await traffic?.stop();
    await fleet?.stop();
    await receiver?.stop();
  });

  const turned = (name: string, state: string, within: number) =>
    eventually(
      () => stateOf(fleet, name),
      (rule) => rule?.state === state,
      { within, every: 200 },
    );
  /** Of one rule and pool, the oldest first. */
  const events = async (rule: string, pool: string) => {
    const kinds = "alert-pending,alert-firing,alert-resolved";
    const list = await fleet.admin.send<{ events: Event[] }>("GET", `/v1/events?kinds=${kinds}&limit=100`, {
      headers: { accept: "application/json" },
    });
    return list.json.events.filter((one) => one.rule === rule && one.pool === pool).reverse();
  };

  it("say nothing of a deployment that is well", () => expectQuiet(fleet));

  it("say nothing of one pod of five, which is no more than 20 %, nor of one slow request in 200", async () => {
    traffic = new Steady(fleet.edges, "/slow/at-once", "/slow?ms=700");
    traffic.every = 200;
    await fleet.pod("web-4").kill();
    const away = await eventually(
      () => stateOf(fleet, "unavailable-pods"),
      (rule) => rule?.value === 0.2,
      { within: 20_000 },
    );
    expect(away).toMatchObject({ value: 0.2, state: "inactive" });
    // The rules have been evaluated with all of it.
    await sleep(EVERY + 2000);
    expect((await stateOf(fleet, "slow-requests"))!.value).toBeGreaterThan(0);
    expect(traffic.sent).toBeGreaterThan(RULES["slow-requests"].least);
    expect((await alertsOf(fleet)).rules.filter(({ state }) => state !== "inactive")).toEqual([]);
    expect(await events("slow-requests", "slow")).toEqual([]);
    expect(await events("unavailable-pods", "web")).toEqual([]);
    expect(receiver.paths).toEqual([]);
  });

  it("fire for the pool whose pod died, and hold nothing up while the webhook hangs", async () => {
    const since = Date.now();
    await fleet.pod("web-6").kill();
    await fleet.pod("web-3").kill();
    traffic.every = 20;
    await inParallel(Array.from({ length: 120 }), 8, async () => {
      expect((await new Jar().get(`${fleet.url}/lone`)).status).toBeGreaterThanOrEqual(500);
    });
    const firing = await turned("error-rate", "firing", 20_000);
    expect(firing).toMatchObject({ state: "firing", pool: "lone" });
    expect(firing!.since).toBeGreaterThanOrEqual(since);
    expect(await stateOf(fleet, "session-creation")).toMatchObject({ state: "firing", pool: "lone" });
    // The webhook hangs now: the coordinator answers all the same, and another pool is served.
    expect((await new Jar().get(fleet.url)).status).toBe(200);
  });

  it("fire where more than one request in a hundred takes over 500 ms", async () => {
    const firing = await turned("slow-requests", "firing", 30_000);
    expect(firing).toMatchObject({ state: "firing", pool: "slow" });
    expect(firing!.value).toBeGreaterThan(RULES["slow-requests"].threshold);
    traffic.every = 0;
  });

  it("reach the webhook in their order once it answers, and never with its url in a log", async () => {
    const heard = await eventually(
      async () => receiver.of("lone"),
      (list) => list.length >= 2,
      { within: 30_000 },
    );
    expect(
      heard
        .slice(0, 2)
        .map(({ rule, state }) => [rule, state])
        .sort(),
    ).toEqual([
      ["error-rate", "firing"],
      ["session-creation", "firing"],
    ]);
    expect(heard[0]!.value).toBeGreaterThan(0.01);
    // It hung, failed and led elsewhere before.
    expect(receiver.paths).toHaveLength(receiver.told.length + 3);
    expect(new Set(receiver.paths)).toEqual(new Set([PATH]));
    expect(fleet.coordinator.log).toContain('"Alert firing" rule="error-rate" pool="lone" value=');
    expect(fleet.coordinator.log).not.toContain("hunter2");
  });

  it("are over once requests are fast again, and say so", async () => {
    expect(await turned("slow-requests", "inactive", 40_000)).toMatchObject({ state: "inactive" });
    const told = await eventually(
      async () => receiver.of("slow").filter(({ rule }) => rule === "slow-requests"),
      (list) => list.length >= 2,
      { within: 20_000 },
    );
    expect(told.map(({ state }) => state)).toEqual(["firing", "resolved"]);
    expect((await events("slow-requests", "slow")).map(({ kind }) => kind)).toEqual([
      "alert-firing",
      "alert-resolved",
    ]);
  });

  it("survive a restart of the coordinator: what fires does not fire anew, what is pending goes on", async () => {
    const before = await stateOf(fleet, "error-rate");
    expect(before!.state).toBe("firing");
    const [pending] = await events("unavailable-pods", "web");
    expect(pending).toMatchObject({ kind: "alert-pending", value: 0.4 });
    await fleet.coordinator.restart();
    const after = await eventually(
      () => stateOf(fleet, "error-rate"),
      (rule) => rule !== undefined,
    );
    expect(after).toMatchObject({ state: "firing", since: before!.since });
    // Its rules have been evaluated since: its windows are empty, and say nothing of what is over.
    await sleep(1500);
    expect(await stateOf(fleet, "error-rate")).toMatchObject({ state: "firing", since: before!.since });
    expect(receiver.of("lone").filter(({ state }) => state === "resolved")).toEqual([]);
  });

  it("fire where two pods of five are away for 30 s, and are over once these are back", async () => {
    const firing = await turned("unavailable-pods", "firing", 60_000);
    expect(firing).toMatchObject({ state: "firing", pool: "web", value: 0.4 });
    await Promise.all(["web-3", "web-4"].map((id) => fleet.pod(id).revive()));
    expect(await turned("unavailable-pods", "inactive", 40_000)).toMatchObject({
      state: "inactive",
      value: 0,
    });
    const told = await eventually(
      async () => receiver.of("web"),
      (list) => list.length >= 2,
      { within: 20_000 },
    );
    expect(told).toMatchObject([
      { rule: "unavailable-pods", state: "firing", value: 0.4 },
      { rule: "unavailable-pods", state: "resolved" },
    ]);
    const [pending, fired, over, ...more] = await events("unavailable-pods", "web");
    expect([pending, fired, over].map((one) => one?.kind)).toEqual([
      "alert-pending",
      "alert-firing",
      "alert-resolved",
    ]);
    expect(fired!.at - pending!.at).toBeGreaterThanOrEqual(RULES["unavailable-pods"].hold);
    expect(more).toEqual([]);
  });
});
