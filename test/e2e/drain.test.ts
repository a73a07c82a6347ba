import { afterAll, beforeAll, expect, it } from "vitest";
import { crowdOn, drainAndLeave, drainToDeadline } from "../../tools/fleet/drain.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually } from "../../tools/fleet/wait.ts";

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

// The call waited on, up to 60 s past the deadline, for clients that stay away: a hook held back a pod that got nothing any more.
it("ends the call that waits when the deadline has passed, also where clients stay away", async () => {
  const { admin } = fleet;
  await admin.send("PATCH", "/v1/pools/web/pods/web-1", { body: { state: "ready" } });
  await crowdOn(fleet, "web-0", 20);
  const path = "/v1/pools/web/pods/web-0";
  const ends: string[] = [];
  const call = (name: string, answer: ReturnType<typeof admin.send>) =>
    answer.then(({ json }) => {
      ends.push(name);
      return json as { state: string; sessions: number };
    });
  const waited = call("begun before it", admin.send("POST", `${path}/drain?wait=60s&deadline=3s`));
  await eventually(
    async () => (await admin.get<{ state: string }>(`${path}/drained`)).json.state,
    (state) => state === "drained",
  );
  // Of a pod that is drained already a call waits for the last session, as it always did.
  const later = call("begun after it", admin.send("GET", `${path}/drained?wait=10s`));
  expect(await waited).toMatchObject({ state: "drained" });
  expect((await waited).sessions).toBeGreaterThanOrEqual(20);
  await later;
  expect(ends).toEqual(["begun before it", "begun after it"]);
}, 90_000);
