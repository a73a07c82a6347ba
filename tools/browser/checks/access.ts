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
    atLeast("logging out ends it", Number(out), 1, "yes"),
    none("complaints of the browser at the login", complaints.length, "complaints"),
  ];
}
