import { Hono } from "hono/tiny";
import { stackText } from "../../src/events/record.ts";
import type { Holder } from "../admin/auth.ts";
import { readBody } from "../admin/body.ts";
import { isolateOf } from "../app.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { guarded, holderOf, logIn, loginPlace, logOut, seeOther } from "./access.ts";
import { Api, type ConsoleContext } from "./api.ts";
import { getAsset } from "./assets.ts";
import { GETS, POSTS } from "./pages/index.ts";
import { ended, failed, foreign, loginPage, missing, tooLarge } from "./pages/plain.tsx";
import { AT, HOME, placeOf } from "./places.ts";
import type { Visit } from "./visit.tsx";

/** Largest form: a config of 5 MB, each of whose bytes may be written as three. Bytes. */
const LARGEST = 15 * 1024 * 1024;

/** The console: pages that work as they are, with forms; a script keeps them up to date where there is one. */
export const pages = new Hono<{ Bindings: Env }>();

pages.use("*", guarded(foreign));
pages.get(AT, () => seeOther(HOME));
pages.get(`${AT}/assets/:name`, (c) => getAsset(c.req.param("name")));

pages.get(`${AT}/login`, async (c) => {
  const to = placeOf(c.req.query("to"));
  return (await holderOf(c)) === undefined ? loginPage(to) : seeOther(to);
});
pages.post(`${AT}/login`, async (c) => {
  const form = await formOf(c);
  if (form === undefined) return tooLarge();
  const to = placeOf(form.get("to") ?? undefined);
  const { login, cookie } = await logIn(c, (form.get("token") ?? "").trim());
  return login === "in" ? seeOther(to, { "set-cookie": cookie! }) : loginPage(to, login);
});
pages.post(`${AT}/logout`, async (c) => seeOther(`${AT}/login`, { "set-cookie": await logOut(c) }));

for (const [at, page] of Object.entries(GETS)) {
  pages.get(at, async (c) => {
    // The router takes both for one, and what is relative to them would not be.
    if (c.req.path === "/_mooring") return seeOther(HOME);
    const holder = await holderOf(c);
    return holder === undefined ? seeOther(loginPlace(c)) : page(await visitOf(c, holder));
  });
}
for (const [at, action] of Object.entries(POSTS)) {
  pages.post(at, async (c) => {
    const holder = await holderOf(c);
    // What somebody wrote must not be lost with a login that ended meanwhile.
    if (holder === undefined) return ended(pageOf(c.req.path));
    // Every browser says where a form was sent from: what does not is none, or hides it.
    if (c.req.header("origin") === undefined) return foreign();
    const form = await formOf(c);
    return form === undefined ? tooLarge() : action(await visitOf(c, holder), form);
  });
}

pages.notFound(async (c) => ((await holderOf(c)) === undefined ? seeOther(loginPlace(c)) : missing()));
pages.onError((error) => {
  log("bug", { where: "console", error: stackText(error) });
  return failed();
});

/** The page whose form is sent to a path: that itself, or the one above. */
function pageOf(path: string): string {
  return placeOf(Object.hasOwn(GETS, path) ? path : path.slice(0, path.lastIndexOf("/")));
}

async function visitOf(context: ConsoleContext, holder: Holder): Promise<Visit> {
  const isolate = await isolateOf(context);
  const { req } = context;
  return {
    isolate,
    background: context.executionCtx,
    api: new Api(context, holder),
    query: req.query(),
    param: (name) => req.param(name) ?? "",
    url: req.url,
    now: Date.now(),
  };
}

/** What a form sent; undefined when it is too much. */
async function formOf(c: ConsoleContext): Promise<URLSearchParams | undefined> {
  const text = await readBody(c.req.raw, LARGEST);
  return text === undefined ? undefined : new URLSearchParams(text);
}
