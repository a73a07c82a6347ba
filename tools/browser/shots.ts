import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { crowdOn } from "../fleet/drain.ts";
import { atMost, type Gate } from "../fleet/gate.ts";
import type { Scene } from "./scene.ts";
import { DESK, PHONE, Visitor } from "./visitor.ts";

/** More than that is not for a manual. KiB. */
const LARGEST = 150;

/** How long clients ask until there is something to draw. Milliseconds. */
const TRAFFIC = 75_000;

/** Makes the pictures of docs/console.md. */
export async function shots({ browser, fleet, say }: Scene, dir: string): Promise<Gate[]> {
  say(`screenshots into ${dir}`);
  mkdirSync(dir, { recursive: true });
  const names: string[] = [];
  const shoot = async (visitor: Visitor, name: string, path: string) => {
    if (path !== "") await visitor.open(path);
    // The pointer rests on nothing, and all that is live has been there once.
    await visitor.page.mouse.move(0, 0);
    await visitor.sees("#live", "Live", 5000);
    await visitor.page.screenshot({ path: join(dir, `${name}.png`) });
    names.push(name);
  };
  await sleep(TRAFFIC);
  await crowdOn(fleet, "web-2", 4);
  await fleet.admin.send("PATCH", "/v1/pools/web/pods/web-2", {
    body: { state: "draining", deadline: "8m" },
  });
  const light = await Visitor.atHome(browser, fleet.url, DESK);
  await shoot(light, "overview", "/");
  await shoot(light, "pods", "/console/pools/web");
  await light.page.setViewportSize({ width: DESK.width, height: 640 });
  await shoot(light, "sessions", "/console/sessions?pool=web");
  await light.page.setViewportSize({ width: DESK.width, height: DESK.height });
  await shoot(light, "keys", "/console/keys");
  await light.open("/console/plan?from=config");
  const text = JSON.parse(await light.page.inputValue("#config"));
  text.pools.web.pods = text.pools.web.pods.slice(0, -1);
  await light.page.fill("#config", JSON.stringify(text, null, 2));
  await light.page.click("button:text-is('Plan')");
  await light.page.waitForSelector("#plan");
  await shoot(light, "plan", "");
  await light.leave();
  const dark = await Visitor.atHome(browser, fleet.url, { ...DESK, scheme: "dark" });
  await shoot(dark, "overview-dark", "/");
  await dark.open("/console/explain");
  await dark.page.fill("#url", `${fleet.url}/shop`);
  await dark.page.click("button:text-is('Explain')");
  await dark.page.waitForSelector("#told");
  await shoot(dark, "explain-dark", "");
  await dark.page.setViewportSize({ width: DESK.width, height: 560 });
  await shoot(dark, "events-dark", "/console/events");
  await dark.leave();
  const phone = await Visitor.atHome(browser, fleet.url, PHONE);
  await shoot(phone, "phone", "/");
  await shoot(phone, "phone-pods", "/console/pools/web");
  await phone.leave();
  await fleet.pod("web-5").kill();
  const sick = await Visitor.atHome(browser, fleet.url, { ...DESK, height: 1000 });
  await sick.open("/console/doctor");
  await sick.sees("#findings h3", /not ready/, 40_000);
  await shoot(sick, "doctor", "");
  await sick.leave();
  await fleet.pod("web-5").revive();
  const largest = Math.max(...names.map((name) => statSync(join(dir, `${name}.png`)).size));
  return [atMost("the largest screenshot", Math.round(largest / 1024), LARGEST, "KiB")];
}
