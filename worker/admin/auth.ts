import type { Context, MiddlewareHandler } from "hono";
import { addressKey } from "../../src/affinity/client-ip.ts";
import { Generations } from "../../src/sessions/generations.ts";
import { openSession } from "../console/session.ts";
import type { Env } from "../env.ts";
import { badQuery } from "./input.ts";
import { apiProblem } from "./problem.ts";
import { sameSecret } from "./secret.ts";

/** What a token may do; each scope includes those before it. */
export type Scope = "read" | "drain" | "write";
const ORDER: readonly Scope[] = ["read", "drain", "write"];

/** Who makes a request whose token was right: the token's name and scope, and the client's address as far as it is known. */
export interface Holder {
  readonly who: string;
  readonly scope: Scope;
  readonly client: string;
}
export const holders = new WeakMap<Request, Holder>();

/** Failed logins a client may make in a window before it must wait. */
const MAX_FAILURES = 10;
const WINDOW = 60_000;
/** Clients whose failures are remembered, in each of two generations: many others forget nobody who is at it. */
const MAX_CLIENTS = 5000;

const failures = new Generations<{ since: number; count: number }>(MAX_CLIENTS);

/** What else is asked of a request. */
export interface Asked {
  /** Names of what its query may hold. */
  readonly query: readonly string[];
  /** Is told when a change is refused to a token that may make it. */
  readonly refused: (c: Context<{ Bindings: Env }>) => Promise<void>;
}

/**
 * Lets a request in whose bearer token has the scope, or that the console makes for who has logged in; a read also by the
 * console's cookie alone, as its page cannot send a token. A right token is never refused for others' failures.
 */
export function requires(
  scope: Scope,
  client: (c: Context<{ Bindings: Env }>) => Promise<string>,
  asked?: Asked,
): MiddlewareHandler<{ Bindings: Env }> {
  return async (c, next) => {
    const holder = holders.get(c.req.raw) ?? (await holderOf(c, client));
    if (holder instanceof Response) return holder;
    holders.set(c.req.raw, holder);
    if (!includes(holder.scope, scope)) {
      return apiProblem(
        403,
        "scope",
        "This token may not do that",
        `A token with the scope "${scope}" is needed.`,
      );
    }
    const strange = asked && Object.keys(c.req.query()).find((name) => !asked.query.includes(name));
    if (strange !== undefined) {
      const takes = asked!.query.join(", ") || "no parameter";
      c.res = badQuery(strange.slice(0, 100), "it is not taken here", `This call takes ${takes}.`);
    } else await next();
    if (scope !== "read" && c.res.status >= 400) await asked?.refused(c);
    return undefined;
  };
}

/** Whether who holds the one scope may do what needs the other. */
export function includes(held: Scope, needed: Scope): boolean {
  return ORDER.indexOf(held) >= ORDER.indexOf(needed);
}

/** Who asks: by the token, else, for what changes nothing, by the console's cookie. Else the problem to answer. */
async function holderOf(
  c: Context<{ Bindings: Env }>,
  client: (c: Context<{ Bindings: Env }>) => Promise<string>,
): Promise<Holder | Response> {
  const authorization = c.req.header("authorization");
  const tokens = tokensOf(c.env);
  if (tokens.length === 0) return apiProblem(503, "admin-off", "The admin API is off", OFF);
  const cookie = c.req.header("cookie");
  if (
    authorization === undefined &&
    cookie !== undefined &&
    (c.req.method === "GET" || c.req.method === "HEAD")
  ) {
    const who = await openSession(c.env, cookie, tokens, Date.now());
    const held = tokens.find((token) => token.who === who);
    if (held !== undefined) return { who: held.who, scope: held.scope, client: await client(c) };
  }
  const given = bearer(authorization);
  const held = given === undefined ? undefined : await tokenOf(tokens, given);
  const address = await client(c);
  return held === undefined ? refuseLogin(address) : { who: held.who, scope: held.scope, client: address };
}

export const OFF =
  "Set MOORING_ADMIN_TOKEN (and MOORING_READ_TOKEN, MOORING_DRAIN_TOKEN if wanted) to use the admin API.";

function bearer(header: string | undefined): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(header ?? "")?.[1];
}

/** A token of the deployment: its name, what it may do, and what it is. */
export interface Token {
  readonly who: string;
  readonly scope: Scope;
  readonly secret: string;
}

/** Those that are set. */
export function tokensOf(env: Env): Token[] {
  const tokens = [
    { who: "admin", scope: "write", secret: env.MOORING_ADMIN_TOKEN ?? "" },
    { who: "drain", scope: "drain", secret: env.MOORING_DRAIN_TOKEN ?? "" },
    { who: "read", scope: "read", secret: env.MOORING_READ_TOKEN ?? "" },
  ] as const;
  return tokens.filter(({ secret }) => secret !== "");
}

/** The token that was given; undefined when it is none of them. */
export async function tokenOf(tokens: readonly Token[], given: string): Promise<Token | undefined> {
  let held: Token | undefined;
  // All are compared, whichever fits: the time tells nothing.
  for (const token of tokens) if ((await sameSecret(given, token.secret)) && held === undefined) held = token;
  return held;
}

/** Counts a login that failed; whether there were too many of that client's within a minute. */
export function noteFailure(address: string): boolean {
  const now = Date.now();
  // One household has all addresses of a /64.
  const client = addressKey(address) ?? address;
  let entry = failures.get(client);
  if (entry === undefined || now - entry.since > WINDOW) {
    entry = { since: now, count: 0 };
    failures.set(client, entry);
  }
  entry.count++;
  return entry.count > MAX_FAILURES;
}

function refuseLogin(address: string): Response {
  if (noteFailure(address)) {
    const detail = "Ten logins failed within a minute. Wait a minute, or send the right token.";
    return apiProblem(429, "too-many-failures", "Too many failed logins", detail, { "retry-after": "60" });
  }
  const detail = "Send the admin token as: Authorization: Bearer <token>";
  return apiProblem(401, "unauthorized", "A valid token is needed", detail, { "www-authenticate": "Bearer" });
}
