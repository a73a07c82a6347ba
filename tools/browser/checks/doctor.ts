import { atLeast, type Gate, none } from "../../fleet/gate.ts";
import { LOOKS, Report } from "../inspect.ts";
import type { Scene } from "../scene.ts";
import { Visitor } from "../visitor.ts";

const yes = (name: string, found: boolean): Gate => atLeast(name, Number(found), 1, "yes");
/** A pod is not ready for 10 s before it is a finding, and what failed meanwhile is one for a minute. Milliseconds. */
const BY_THEN = 40_000;
const OVER_BY = 120_000;

/** A deployment that is well has no findings; a pod that dies is one while it is away, with what leads to it. */
export async function doctor({ browser, fleet, say, quick }: Scene): Promise<Gate[]> {
  const visitor = await Visitor.atHome(browser, fleet.url);
  const { page } = visitor;
  const report = new Report();
  const inspect = async (name: string) => {
    for (const look of quick ? LOOKS.slice(1, 3) : LOOKS) {
      const other = await Visitor.atHome(browser, fleet.url, look);
      await other.open("/console/doctor");
      await report.inspect(other.page, name, look);
      await other.leave();
    }
  };
  say("nothing is wrong");
  await visitor.open("/console/doctor");
  const well = await visitor.sees("#findings h2", "Nothing is wrong", OVER_BY);
  await inspect("doctor, without findings");
  say("a pod is down");
  await fleet.pod("web-5").kill();
  const found = await visitor.sees("#findings article h3", /pods of web are not ready/, BY_THEN);
  const named = await visitor.sees("#findings article td", /web-5\s+down/);
  await inspect("doctor, with findings");
  const sized = await visitor.sees("#sizing td", "web");
  await page.click("#findings .entries a:text-is('web-5')");
  const led = await visitor.sees("#pod .pill.bad", "down");
  await visitor.open("/");
  const counted = await visitor.sees("#figures .stat", /^Doctor\s*[1-9]/);
  await page.click("#figures a:text-is('Doctor')");
  await page.waitForURL(/\/console\/doctor$/);
  // A page that was loaded again would have forgotten it.
  await page.evaluate(() => Object.assign(globalThis, { mark: 1 }));
  await fleet.pod("web-5").revive();
  const over = await visitor.sees("#findings h2", "Nothing is wrong", OVER_BY);
  const same = await page.evaluate(() => "mark" in globalThis);
  for (const one of [...report.all(), ...visitor.complaints]) say(one);
  await visitor.leave();
  return [
    yes("a deployment that is well is said to be so", well),
    yes("a pod that died is a finding, with a link to it", found && named && led),
    yes("the overview counts it, and leads there", counted),
    yes("sizes are told of the pool that has requests", sized),
    yes("a finding goes with its cause, without a reload", over && same),
    ...report.gates(),
    none("complaints of the browser on the way", visitor.complaints.length, "complaints"),
  ];
}
