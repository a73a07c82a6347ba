import { crowdOn } from "../../fleet/drain.ts";
import { atLeast, type Gate, none } from "../../fleet/gate.ts";
import type { Scene } from "../scene.ts";
import { Visitor } from "../visitor.ts";

const yes = (name: string, found: boolean): Gate => atLeast(name, Number(found), 1, "yes");

/** What an operator does: watches a pod die, drains one, moves and revokes sessions, plans and applies. */
export async function operate(scene: Scene): Promise<Gate[]> {
  const { browser, fleet, say } = scene;
  const visitor = await Visitor.atHome(browser, fleet.url);
  const gates: Gate[] = [];
  const watched = async (name: string, of: (visitor: Visitor, scene: Scene) => Promise<boolean>) => {
    say(name);
    gates.push(yes(name, await of(visitor, scene)));
  };
  await watched("a kill is seen at the overview and the pod's card, without a reload", kill);
  await watched("a drain shows its sessions leave, as they do", drain);
  await watched("a session is moved, then revoked, and its client follows", revoke);
  await watched("focus stays at its session while others come and go", steady);
  await watched("a plan says who would move, and is applied", plan);
  await watched("a plan that another write has overtaken is refused", overtaken);
  await watched("an explanation shows its steps", explain);
  // The plan that is refused is answered with 412, which a browser notes.
  const complaints = visitor.complaints.filter((one) => !one.includes("412"));
  for (const one of complaints) say(one);
  gates.push(none("complaints of the browser on the way", complaints.length, "complaints"));
  await visitor.leave();
  return gates;
}

async function kill(visitor: Visitor, { fleet }: Scene): Promise<boolean> {
  const { page } = visitor;
  await crowdOn(fleet, "web-5", 5);
  await visitor.open("/");
  // A page that was loaded again would have forgotten it.
  await page.evaluate(() => Object.assign(globalThis, { mark: 1 }));
  await fleet.pod("web-5").kill();
  const broken = await visitor.sees("#charts .legend li", /pod-gone/);
  const down = await visitor.sees("#pools .pill.bad", /1 down/);
  const same = await page.evaluate(() => "mark" in globalThis);
  await visitor.open("/console/pools/web");
  const card = await visitor.sees("article.bad", /web-5/);
  await fleet.pod("web-5").revive();
  const back = await visitor.sees("article.good", /web-5/);
  return broken && down && same && card && back;
}

async function drain(visitor: Visitor, { fleet }: Scene): Promise<boolean> {
  const { page } = visitor;
  const members = await crowdOn(fleet, "web-4", 6);
  await visitor.open("/console/pools/web/pods/web-4");
  await page.fill("#deadline", "10m");
  await page.click("button[aria-label='Drain pod web-4']");
  await page.waitForSelector("#pod progress");
  const begun = await page.getAttribute("#pod progress", "max");
  for (const { sid } of members.slice(0, 3)) await fleet.admin.send("DELETE", `/v1/sessions/${sid}`);
  const gone = await visitor.sees("#pod .drain", new RegExp(`[3-9] of ${begun} sessions have left`));
  const value = Number(await page.getAttribute("#pod progress", "value"));
  await page.click("button[aria-label='Let in pod web-4']");
  return gone && value >= 3 && (await visitor.sees("#pod .pill.good", "ready"));
}

async function revoke(visitor: Visitor, { fleet }: Scene): Promise<boolean> {
  const { page } = visitor;
  const [member] = await crowdOn(fleet, "web-0", 1);
  await visitor.open("/console/sessions");
  await page.fill("#sid", member!.sid);
  await page.click("button:text('Search')");
  await page.fill("#pod", "web-1");
  await page.click("button[aria-label^='Move session']");
  const moved = await visitor.sees("[role=status].done", "has been moved");
  // The other edge hears of it with its heartbeat; this one obeys at once.
  const decision = async () => String((await member!.jar.get(fleet.url)).headers["mooring-decision"]);
  const there = (await decision()).includes("pod=web-1");
  await page.click("button[aria-label^='Revoke session']");
  const revoked = await visitor.sees("[role=status].done", "has been revoked");
  return moved && there && revoked && (await decision()).startsWith("bound");
}

/** Rows change their places: what is under a finger must not become another session's button. */
async function steady(visitor: Visitor, { fleet }: Scene): Promise<boolean> {
  const { page } = visitor;
  await visitor.open("/console/sessions");
  const sids = await page.locator("#sessions .sid").evaluateAll((all) => all.map(({ title }) => title));
  await page.locator("#sessions tbody tr").nth(5).locator("button").focus();
  const label = () => page.evaluate("document.activeElement?.getAttribute('aria-label')");
  const before = await label();
  await fleet.admin.send("DELETE", `/v1/sessions/${sids[0]}`);
  await fleet.admin.send("DELETE", `/v1/sessions/${sids[2]}`);
  await page.locator(`#sessions .sid[title="${sids[0]}"]`).waitFor({ state: "detached" });
  await page.locator(`#sessions .sid[title="${sids[2]}"]`).waitFor({ state: "detached" });
  const place = await page
    .locator("#sessions tbody tr button")
    .evaluateAll(
      (all, of) => all.findIndex((one) => one.getAttribute("aria-label") === of),
      before as string,
    );
  return before === `Revoke session ${sids[5]!.slice(0, 8)}` && (await label()) === before && place < 5;
}

async function planned(visitor: Visitor, pods: (ids: { id: string }[]) => object[]): Promise<void> {
  const { page } = visitor;
  await visitor.open("/console/plan");
  await page.click("a:text('Begin with the config in force')");
  await page.waitForURL(/from=config/);
  const config = JSON.parse(await page.inputValue("#config")) as {
    pools: { web: { pods: { id: string }[] } };
  };
  await page.fill(
    "#config",
    JSON.stringify(
      {
        ...config,
        pools: { ...config.pools, web: { ...config.pools.web, pods: pods(config.pools.web.pods) } },
      },
      null,
      2,
    ),
  );
  await page.click("button:text-is('Plan')");
  await page.waitForSelector("#plan");
}

async function plan(visitor: Visitor, { fleet }: Scene): Promise<boolean> {
  const { page } = visitor;
  await crowdOn(fleet, "web-3", 4);
  await planned(visitor, (pods) => pods.filter(({ id }) => id !== "web-3"));
  const whom = await visitor.sees("#plan h2", /\d+ of \d+ sessions would leave their pod/);
  const why = await visitor.sees("#plan td", "config-change");
  await page.click("button:text-is('Apply')");
  const done = await visitor.sees("[role=status].done", "in force");
  return whom && why && done;
}

async function overtaken(visitor: Visitor, { fleet }: Scene): Promise<boolean> {
  await planned(visitor, (pods) => pods);
  const current = await fleet.admin.config();
  await fleet.admin.send("PUT", "/v1/config", {
    body: current!.config,
    headers: { "if-match": current!.etag },
  });
  await visitor.page.click("button:text-is('Apply')");
  return visitor.sees("[role=alert]", "Another config came between");
}

async function explain(visitor: Visitor, { fleet }: Scene): Promise<boolean> {
  await visitor.open("/console/explain");
  await visitor.page.fill("#url", `${fleet.url}/shop`);
  await visitor.page.fill("#headers", "X-User: <script>alert(1)</script>");
  await visitor.page.click("button:text-is('Explain')");
  return (await visitor.sees("#told h2", "bound")) && (await visitor.sees("#told h3", "route"));
}
