import { afterAll, beforeAll, expect, it } from "vitest";
import { crowdOn } from "../../tools/fleet/drain.ts";
import { ADMIN, type Fleet, type ListedPod, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { type Answer, call } from "../support/client.ts";

const HOME = "/_mooring/";
const AT = "/_mooring/console";

let fleet: Fleet;
let cookie = "";

const config = (pods: readonly ListedPod[]) => ({
  version: 1,
  explain: true,
  pools: { web: { pods, health: { readiness: { path: "/ready", period: "1s", failure: 2 } } } },
  routes: [{ path: "/", pool: "web" }],
});

/** A page as a browser without scripts gets it. */
const read = async (path: string, edge = 0): Promise<Answer> =>
  call(`${fleet.edges[edge]!.url}${path}`, { headers: { cookie } });

/** Submits a form, as such a browser does, and follows to where that leads. */
async function submit(path: string, fields: Record<string, string> = {}, edge = 0): Promise<Answer> {
  const { url } = fleet.edges[edge]!;
  const headers = { cookie, origin: url, "content-type": "application/x-www-form-urlencoded" };
  const answer = await call(`${url}${path}`, {
    method: "POST",
    headers,
    body: String(new URLSearchParams(fields)),
  });
  if (answer.status !== 303) return answer;
  cookie = answer.headers["set-cookie"]?.[0]?.split(";")[0] ?? cookie;
  return read(answer.headers.location!, edge);
}

/** What a hidden field of a page says. */
const field = ({ body }: Answer, name: string) =>
  new RegExp(`name="${name}" value="([^"]*)"`).exec(body)?.[1]?.replaceAll("&quot;", '"') ?? "";

beforeAll(async () => {
  fleet = await startFleet({ edges: 2, pods: 3, config });
}, 60_000);
afterAll(async () => fleet?.stop());

it("is entered by a form, at one edge for all, and left by another", async () => {
  expect((await read(HOME)).headers.location).toBe(`${AT}/login`);
  const wrong = await submit(`${AT}/login`, { token: "wrong" });
  expect([wrong.status, cookie]).toEqual([403, ""]);
  expect((await submit(`${AT}/login`, { token: ADMIN, to: HOME })).body).toContain("<h1>Overview</h1>");
  expect((await read(HOME, 1)).status).toBe(200);
  const kept = cookie;
  await submit(`${AT}/logout`);
  expect(cookie).toBe("mooring-console=");
  expect((await read(HOME)).status).toBe(303);
  cookie = kept;
});

it("shows whom a pod that dies takes along, within seconds", async () => {
  await crowdOn(fleet, "web-0", 1);
  const victims = await crowdOn(fleet, "web-2", 5);
  await fleet.pod("web-2").kill();
  for (const { jar } of victims) await jar.get(fleet.url);
  const { body } = await eventually(
    () => read(HOME),
    ({ body: page }) => page.includes("pod-gone <b>5</b>"),
    { within: 10_000 },
  );
  for (const { sid } of victims) expect(body).toContain(`href="${AT}/sessions/${sid}"`);
  const { body: cards } = await eventually(
    () => read(`${AT}/pools/web`),
    ({ body: page }) => /<article class="card bad"/.test(page),
    { within: 10_000 },
  );
  expect(cards).toMatch(/<article class="card bad"[^>]*><header><h2><a [^>]*>web-2</);
  expect((await read(`${AT}/events`)).body).toMatch(
    /Rebound session<\/span><code>pool=web from=web-2 to=web-[01] cause=pod-gone/,
  );
}, 60_000);

it("drains a pod, and shows how many have left", async () => {
  const pod = `${AT}/pools/web/pods/web-1`;
  const members = await crowdOn(fleet, "web-1", 4);
  const drained = await submit(`${pod}/drain`, { deadline: "10m" });
  const begun = Number(
    /<progress max="(\d+)" value="0" aria-label="Sessions that have left/.exec(drained.body)?.[1],
  );
  expect(begun).toBeGreaterThanOrEqual(4);
  await fleet.admin.send("DELETE", `/v1/sessions/${members[0]!.sid}`);
  const again = await eventually(
    () => read(`${pod}?of=${begun}`),
    ({ body }) => body.includes(`<progress max="${begun}" value="1"`),
    { within: 10_000 },
  );
  expect(again.body).toContain(`<b>1</b> of ${begun} sessions have left`);
  expect((await submit(`${pod}/ready`)).body).toContain('<span class="pill good">ready</span>');
}, 60_000);

it("finds a session, moves it, and revokes it", async () => {
  const [member] = await crowdOn(fleet, "web-0", 1);
  const page = `${AT}/sessions/${member!.sid}`;
  const found = await call(`${fleet.url}${AT}/sessions?sid=${member!.sid.toUpperCase()}`, {
    headers: { cookie },
  });
  expect(found.headers.location).toBe(page);
  const moved = await submit(`${page}/move`, { pod: "web-1" });
  expect(moved.body).toContain("The session has been moved.");
  expect((await member!.jar.get(fleet.url)).headers["mooring-decision"]).toContain("pod=web-1");
  expect((await submit(`${page}/move`, { pod: "nobody" })).status).toBe(422);
  await submit(`${page}/revoke`);
  expect((await read(page)).body).toContain("There is no session");
  expect((await member!.jar.get(fleet.url)).headers["mooring-decision"]).toMatch(/^bound;/);
}, 60_000);

it("plans what a pod less would do, and does it on the revision of the plan alone", async () => {
  const current = await read(`${AT}/plan?from=config`);
  const text = /<textarea[^>]*>([^<]*)<\/textarea>/.exec(current.body)![1]!.replaceAll("&quot;", '"').trim();
  const less = JSON.parse(text) as { pools: { web: { pods: { id: string }[] } } };
  less.pools.web.pods = less.pools.web.pods.filter(({ id }) => id !== "web-1");
  await crowdOn(fleet, "web-1", 3);
  const plan = await submit(`${AT}/plan`, { config: JSON.stringify(less) });
  expect(plan.body).toMatch(/(\d+) of \d+ sessions would leave their pod/);
  expect(plan.body).toContain("config-change");
  const [fields, other] = [plan, plan].map((page) => ({
    config: field(page, "config"),
    revision: field(page, "revision"),
  }));
  const applied = await submit(`${AT}/plan/apply`, fields);
  expect(applied.body).toContain(`It is revision ${Number(fields!.revision) + 1}.`);
  const stale = await submit(`${AT}/plan/apply`, other, 1);
  expect([stale.status, stale.body]).toEqual([412, expect.stringContaining("Another config came between")]);
}, 60_000);

it("streams events to who has logged in, by the cookie alone", async () => {
  const { url } = fleet.edges[1]!;
  expect((await fetch(`${url}/_mooring/v1/events`)).status).toBe(401);
  const leave = new AbortController();
  const response = await fetch(`${url}/_mooring/v1/events`, {
    headers: { cookie, accept: "text/event-stream" },
    signal: leave.signal,
  });
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  await submit(`${AT}/pools/web/pods/web-0/drain`, { deadline: "10m" });
  let text = "";
  while (!text.includes("event: order-given")) text += (await reader.read()).value ?? "";
  expect(text).toContain('"pod":"web-0","state":"draining"');
  leave.abort();
}, 30_000);
