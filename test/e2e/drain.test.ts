import { afterAll, beforeAll, expect, it } from "vitest";
import { crowdOn, drainAndLeave, drainToDeadline } from "../../tools/fleet/drain.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";

const COUNT = 200;
let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ edges: 2, pods: 2 });
}, 60_000);
afterAll(async () => fleet?.stop());

it("drains a pod with 200 sessions: it gets no new one, keeps its own, and the call that waits ends with the last", async () => {
  const members = await crowdOn(fleet, "web-0", COUNT);
  const left = await drainAndLeave(fleet, "web-0", members);
  console.log(`drained answered ${Math.round(left.lag)} ms after the last session had left`);
  expect(left).toMatchObject({ fresh: 100, taken: 0, strayed: 0, waited: true });
  expect(left.answer).toMatchObject({ state: "draining", sessions: 0 });
}, 60_000);

it("honours the deadline: nobody moves before it, and all do after it", async () => {
  await fleet.admin.send("PATCH", "/v1/pools/web/pods/web-0", { body: { state: "ready" } });
  const members = await crowdOn(fleet, "web-1", 60);
  const ended = await drainToDeadline(fleet, "web-1", members, 5);
  console.log(
    `first move ${ended.first} ms after the deadline, last answer by the pod ${ended.last} ms after it`,
  );
  // One clock on this machine: it says which came first, and nothing more.
  expect(ended.first).toBeGreaterThanOrEqual(0);
  expect(ended).toMatchObject({ moved: 60, answer: { state: "drained" } });
}, 60_000);
