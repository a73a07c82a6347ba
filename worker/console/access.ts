import type { MiddlewareHandler } from "hono";
import { identify } from "../../src/route/client.ts";
import { type Holder, includes, noteFailure, type Scope, tokenOf, tokensOf } from "../admin/auth.ts";
import { isForeign, noteAsked } from "../admin/door.ts";
import { client, isolateOf } from "../app.ts";
import type { Env } from "../env.ts";
import type { ConsoleContext } from "./api.ts";
import { AT, HOME, placeOf } from "./places.ts";
import { COOKIE, LASTS, openSession, sealSession } from "./session.ts";

/** Nothing runs or is drawn but what this origin serves as a file of its own, and nobody may frame it. */
export const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy": POLICY,
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
};

/** What became of a login. */
export type Login = "in" | "wrong" | "too-many" | "off";

/**
 * Before any page of the console: what another site makes a browser ask is not done, whatever it is asked with, and every
 * answer says what may run in it. Logins and refusals are in the log, as those of the API are.
 */
export function guarded(foreign: (c: ConsoleContext) => Response): MiddlewareHandler<{ Bindings: Env }> {
  return async (c, next) => {
    const stranger = isForeign(c.req.header("origin"), c.req.header("sec-fetch-site"), c.req.url);
    if (stranger) c.res = isArrival(c) ? bounce(c) : foreign(c);
    else await next();
    for (const [name, value] of Object.entries(HEADERS)) c.header(name, value);
    if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
    const { status } = c.res;
    // What a form has the API do is in the log by the call of the API.
    if (c.req.path === `${AT}/login` ? c.req.method === "POST" : status === 403)
      noteAsked(c, await client(c), status);
  };
}

/** A link on another site led here: a reader, who changes nothing. */
function isArrival(c: ConsoleContext): boolean {
  const { method } = c.req;
  return (method === "GET" || method === "HEAD") && c.req.header("sec-fetch-mode") === "navigate";
}

/** A browser sends the cookie with no link that another site has: once it stands on this one it asks again, with it. */
function bounce(c: ConsoleContext): Response {
  const { pathname, search } = new URL(c.req.url);
  const to = placeOf(pathname + search).replaceAll("&", "&amp;");
  return html(`<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="0;url=${to}">
<title>Mooring</title></head><body><a href="${to}">Go on to the console</a></body></html>`);
}

export function html(text: string, status = 200): Response {
  return new Response(text, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}

/** On to another page, to be read. */
export function seeOther(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 303, headers: { location, ...headers } });
}

/** Who has logged in, by the cookie. */
export async function holderOf(c: ConsoleContext): Promise<Holder | undefined> {
  const tokens = tokensOf(c.env);
  const who = await openSession(c.env, c.req.header("cookie") ?? "", tokens, Date.now());
  const token = tokens.find((one) => one.who === who);
  return token && { who: token.who, scope: token.scope, client: await client(c) };
}

/** Whether somebody may do what needs a scope. */
export function may({ scope }: Holder, needed: Scope): boolean {
  return includes(scope, needed);
}

/** Takes a token for a cookie. A right one is never refused for the wrong ones before it. */
export async function logIn(c: ConsoleContext, given: string): Promise<{ login: Login; cookie?: string }> {
  const tokens = tokensOf(c.env);
  const isolate = await isolateOf(c);
  if (tokens.length === 0 || isolate.badSecret !== undefined) return { login: "off" };
  const held = await tokenOf(tokens, given);
  if (held === undefined) return { login: noteFailure(await client(c)) ? "too-many" : "wrong" };
  const value = await sealSession(c.env, held.secret, Date.now());
  return { login: "in", cookie: cookieOf(value, LASTS, await isSecure(c)) };
}

export async function logOut(c: ConsoleContext): Promise<string> {
  return cookieOf("", 0, await isSecure(c));
}

function cookieOf(value: string, age: number, secure: boolean): string {
  return `${COOKIE}=${value}; Path=/_mooring; Max-Age=${age}; HttpOnly; SameSite=Strict${secure ? "; Secure" : ""}`;
}

/** Whether the browser came by https, as far as it can be believed. */
async function isSecure(c: ConsoleContext): Promise<boolean> {
  const { edge, views } = await isolateOf(c);
  const trusted = views.current?.snapshot.trustedProxies ?? [];
  return identify(c.req.raw.headers, edge.peer(c.req.raw), c.req.url.startsWith("https:"), trusted).https;
}

/** Where who has not logged in does it, and gets to where they wanted to go. */
export function loginPlace(c: ConsoleContext): string {
  const { pathname, search } = new URL(c.req.url);
  const to = c.req.method === "GET" ? placeOf(pathname + search) : HOME;
  return to === HOME ? `${AT}/login` : `${AT}/login?to=${encodeURIComponent(to)}`;
}
