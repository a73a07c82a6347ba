import { ADMIN } from "../../fleet/fleet.ts";
import type { Gate } from "../../fleet/gate.ts";
import { atLeast, none } from "../../fleet/gate.ts";
import type { Scene } from "../scene.ts";
import { Visitor } from "../visitor.ts";

/** A login by hand: wrong, then right, and the end of it. */
export async function access({ browser, fleet }: Scene): Promise<Gate[]> {
  const visitor = await Visitor.arrive(browser, fleet.url);
  const { page, context } = visitor;
  await visitor.open("/console/sessions");
  const before = await page.content();
  await visitor.logIn("not-the-token");
  const told = await visitor.sees("[role=alert]", "no token of this deployment");
  await visitor.logIn(ADMIN);
  await page.waitForURL(/\/console\/sessions$/);
  const [cookie] = (await context.cookies()).filter(({ name }) => name === "mooring-console");
  const sound = cookie?.httpOnly === true && cookie.sameSite === "Strict" && cookie.path === "/_mooring";
  const seen = await page.evaluate("document.cookie");
  const resent = await outlives(visitor);
  await page.click("button:text('Log out')");
  await page.waitForURL(/\/console\/login$/);
  await visitor.open("/");
  const out = page.url().endsWith("/console/login");
  // A wrong token is answered with 403, which a browser notes.
  const complaints = visitor.complaints.filter((one) => !one.includes("403"));
  await visitor.leave();
  return [
    atLeast("a wrong token is told so, and a right one leads to the page asked for", Number(told), 1, "yes"),
    none("names of pods before the login", Number(/web-\d/.test(before)), "found"),
    atLeast(
      "the cookie is HttpOnly, SameSite=Strict, and no script sees it",
      Number(sound && seen === ""),
      1,
      "yes",
    ),
    atLeast("what was written when a login ended is sent again after another", Number(resent), 1, "yes"),
    atLeast("logging out ends it", Number(out), 1, "yes"),
    none("complaints of the browser at the login", complaints.length, "complaints"),
  ];
}

/** Sends a form whose login has ended, logs in in another tab as the page says, and loads it again. */
async function outlives({ page, context, url }: Visitor): Promise<boolean> {
  await page.goto(`${url}/_mooring/console/plan?from=config`);
  await context.clearCookies({ name: "mooring-console" });
  await page.click("button:text-is('Plan')");
  const link = page.locator("main a[target]");
  const [other] = await Promise.all([context.waitForEvent("page"), link.click()]);
  await other.fill("#token", ADMIN);
  await other.press("#token", "Enter");
  await other.waitForURL(/\/console\/plan$/);
  await other.close();
  await page.reload();
  return (await page.locator("#plan h2").textContent()) !== null;
}
