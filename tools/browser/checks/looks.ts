import { crowdOn } from "../../fleet/drain.ts";
import { atLeast, type Gate } from "../../fleet/gate.ts";
import { LOOKS, Report } from "../inspect.ts";
import type { Scene } from "../scene.ts";
import { Visitor } from "../visitor.ts";

/** Every page in light and dark, on a desk and a phone: by axe, by its width, and by keyboard. */
export async function looks({ browser, fleet, say, quick }: Scene): Promise<Gate[]> {
  const [member] = await crowdOn(fleet, "web-0", 3);
  const paths = [
    "/",
    "/console/pools",
    "/console/pools/web",
    "/console/pools/web/pods/web-0",
    "/console/keys",
    "/console/sessions",
    `/console/sessions/${member!.sid}`,
    "/console/alerts",
    "/console/doctor",
    "/console/events",
    "/console/no-such-page",
  ];
  const report = new Report();
  for (const look of quick ? LOOKS.slice(1, 3) : LOOKS) {
    say(`all pages, ${look.scheme}, ${look.width} px`);
    const stranger = await Visitor.arrive(browser, fleet.url, look);
    await stranger.open("/");
    await report.inspect(stranger.page, "login", look);
    await stranger.leave();
    const visitor = await Visitor.atHome(browser, fleet.url, look);
    const { page } = visitor;
    for (const path of paths) {
      await visitor.open(path);
      await report.inspect(page, path, look);
    }
    await visitor.open("/console/plan?from=config");
    await page.click("button:text-is('Plan')");
    await page.waitForSelector("#plan");
    await report.inspect(page, "a plan", look);
    await visitor.open("/console/explain");
    await page.click("button:text-is('Explain')");
    await page.waitForSelector("#told");
    await report.inspect(page, "an explanation", look);
    await visitor.leave();
  }
  for (const one of report.all()) say(one);
  return [
    ...report.gates(),
    atLeast("stops of the Tab key, each with a visible focus", report.stops, 100, "stops"),
  ];
}
