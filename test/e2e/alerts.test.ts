import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually, inParallel } from "../../tools/fleet/wait.ts";
import { expectQuiet, stateOf } from "../support/alert-rules.ts";
import { twoPools } from "../support/two-pools.ts";

interface Told {
  readonly rule: string;
  readonly pool: string;
  readonly state: string;
  readonly value: number;
}

/** Real traffic, and a webhook that hangs at first, then fails, and then hears. */
describe("alerts", { timeout: 90_000 }, () => {
  let fleet: Fleet;
  let server: Server;
  const told: Told[] = [];
  const hanging: ServerResponse[] = [];
  let calls = 0;

  beforeAll(async () => {
    server = createServer((request, response) => {
      let text = "";
      request.on("data", (piece) => (text += piece));
      request.on("end", () => {
        calls++;
        if (calls === 1) return hanging.push(response);
        if (calls === 2) return response.writeHead(500).end("no");
        told.push(JSON.parse(text) as Told);
        return response.end("ok");
      });
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    fleet = await startFleet({
      pods: 2,
      env: { MOORING_ALERT_WEBHOOK: `http://127.0.0.1:${port}/hook?secret=hunter2` },
      config: twoPools,
    });
  }, 60_000);
  afterAll(async () => {
    await fleet?.stop();
    for (const response of hanging) response.destroy();
    server?.closeAllConnections();
    await new Promise((resolve) => server?.close(resolve));
  });

  it("say nothing of a deployment that is well", () => expectQuiet(fleet));

  it("fire for the pool whose pod died, and hold nothing up while the webhook hangs", async () => {
    await fleet.pods[1]!.kill();
    const since = Date.now();
    await inParallel(Array.from({ length: 120 }), 8, async () => {
      expect((await new Jar().get(`${fleet.url}/lone`)).status).toBeGreaterThanOrEqual(500);
    });
    const firing = await eventually(
      () => stateOf(fleet, "error-rate"),
      (rule) => rule?.state === "firing",
      { within: 20_000, every: 200 },
    );
    expect(firing).toMatchObject({ state: "firing", pool: "lone" });
    expect(firing!.since).toBeGreaterThanOrEqual(since);
    expect(await stateOf(fleet, "session-creation")).toMatchObject({ state: "firing", pool: "lone" });
    // The webhook hangs now: the coordinator answers all the same, and another pool is served.
    expect((await new Jar().get(fleet.url)).status).toBe(200);
  });

  it("reach the webhook in their order once it answers, and never with its url in a log", async () => {
    const heard = await eventually(
      async () => told.filter(({ pool }) => pool === "lone"),
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
    expect(calls).toBeGreaterThan(told.length);
    expect(fleet.coordinator.log).toContain('"Alert firing" rule="error-rate" pool="lone" value=');
    expect(fleet.coordinator.log).not.toContain("hunter2");
  });

  it("survive a restart of the coordinator: what fires does not fire anew", async () => {
    const before = await stateOf(fleet, "error-rate");
    expect(before!.state).toBe("firing");
    await fleet.coordinator.restart();
    const after = await eventually(
      () => stateOf(fleet, "error-rate"),
      (rule) => rule !== undefined,
    );
    expect(after).toMatchObject({ state: "firing", since: before!.since });
    // Its rules have been evaluated since: its windows are empty, and say nothing of what is over.
    await sleep(1500);
    expect(await stateOf(fleet, "error-rate")).toMatchObject({ state: "firing", since: before!.since });
    expect(told.filter(({ pool, state }) => pool === "lone" && state === "resolved")).toEqual([]);
  });
});
