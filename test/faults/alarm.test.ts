import { afterAll, beforeAll, expect, it } from "vitest";
import { decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { SOON } from "../support/faults.ts";

let fleet: Fleet;
beforeAll(async () => {
  const readiness = { path: "/ready", period: "200ms", timeout: "200ms", failure: 2, initialDelay: "0s" };
  fleet = await startFleet({
    pods: 3,
    config: (pods) => ({
      version: 1,
      explain: true,
      pools: { web: { pods, health: { readiness } } },
      routes: [{ pool: "web" }],
    }),
  });
});
afterAll(() => fleet?.stop());

const states = async () => {
  const { json } = await fleet.admin.get<{ pods: { id: string; state: string }[] }>("/v1/pools/web/pods");
  return json.pods.map(({ state }) => state);
};
const probesAt = (pod: number) => fleet.pods[pod]!.arrivals({ path: "/ready" }).length;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

it("alarm missed: a coordinator that stood still makes up for none of its probes, and goes on with them", async () => {
  await expect.poll(states, SOON).toEqual(["ready", "ready", "ready"]);
  const jar = new Jar();
  const home = (await jar.get(fleet.url)).body.trim();
  fleet.coordinator.pause();
  // A probe that was on its way arrives all the same: it was once taken for one of a coordinator that stands still.
  await pause(200);
  const before = probesAt(0);
  // Seven periods pass; what a pod was is no verdict on what it is, and nobody moves meanwhile.
  await pause(1400);
  expect(decision(await jar.get(fleet.url))).toMatchObject({ outcome: "kept", pod: home });
  expect(probesAt(0)).toBe(before);
  fleet.coordinator.resume();
  await expect.poll(() => probesAt(0) > before, SOON).toBe(true);
  const resumed = probesAt(0);
  expect(resumed - before).toBeLessThanOrEqual(3);
  expect(await states()).toEqual(["ready", "ready", "ready"]);
});

it("alarm missed: it outlives a crash of the coordinator, which finds the dead pod of that time", async () => {
  const victim = fleet.pods[1]!;
  await fleet.coordinator.kill();
  await victim.kill();
  await fleet.coordinator.restart();
  await expect.poll(states, SOON).toEqual(["ready", "down", "ready"]);
  await victim.revive();
  await expect.poll(states, SOON).toEqual(["ready", "ready", "ready"]);
});
