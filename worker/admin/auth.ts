import type { Context, MiddlewareHandler } from "hono";
import { addressKey } from "../../src/affinity/client-ip.ts";
import { Generations } from "../../src/sessions/generations.ts";
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

/** Lets a request in whose bearer token has the scope. A right token is never refused for others' failures. */
export function requires(
  scope: Scope,
  client: (c: Context<{ Bindings: Env }>) => Promise<string>,
  asked?: Asked,
): MiddlewareHandler<{ Bindings: Env }> {
  return async (c, next) => {
    const own = await tokenOf(c.env, bearer(c.req.header("authorization")));
    if (own === "off") return apiProblem(503, "admin-off", "The admin API is off", OFF);
    const address = await client(c);
    if (own === undefined) return refuseLogin(address);
    const [who, held] = own;
    holders.set(c.req.raw, { who, scope: held, client: address });
    if (ORDER.indexOf(held) < ORDER.indexOf(scope)) {
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

const OFF =
  "Set MOORING_ADMIN_TOKEN (and MOORING_READ_TOKEN, MOORING_DRAIN_TOKEN if wanted) to use the admin API.";

function bearer(header: string | undefined): string | undefined {
  return /^Bearer +([^\s]+)$/i.exec(header ?? "")?.[1];
}

type Token = readonly [who: string, scope: Scope, secret: string | undefined];

async function tokenOf(env: Env, given: string | undefined): Promise<Token | "off" | undefined> {
  const tokens: Token[] = [
    ["admin", "write", env.MOORING_ADMIN_TOKEN],
    ["drain", "drain", env.MOORING_DRAIN_TOKEN],
    ["read", "read", env.MOORING_READ_TOKEN],
  ];
  const set = tokens.filter(([, , secret]) => secret !== undefined && secret !== "");
  if (set.length === 0) return "off";
  if (given === undefined) return undefined;
  let held: Token | undefined;
  // All are compared, whichever fits: the time tells nothing.
  for (const token of set) if ((await sameSecret(given, token[2]!)) && held === undefined) held = token;
  return held;
}

function refuseLogin(address: string): Response {
  const now = Date.now();
  // One household has all addresses of a /64.
  const client = addressKey(address) ?? address;
  let entry = failures.get(client);
  if (entry === undefined || now - entry.since > WINDOW) {
    entry = { since: now, count: 0 };
    failures.set(client, entry);
  }
  entry.count++;
  if (entry.count > MAX_FAILURES) {
    const detail = "Ten logins failed within a minute. Wait a minute, or send the right token.";
    return apiProblem(429, "too-many-failures", "Too many failed logins", detail, { "retry-after": "60" });
  }
  const detail = "Send the admin token as: Authorization: Bearer <token>";
  return apiProblem(401, "unauthorized", "A valid token is needed", detail, { "www-authenticate": "Bearer" });
}
