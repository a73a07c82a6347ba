import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { Env } from "../../../worker/env.ts";
import worker from "../../../worker/index.ts";

export const ORIGIN = "https://console.example";
export const TOKENS = {
  MOORING_ADMIN_TOKEN: "admin-token-of-some-length",
  MOORING_READ_TOKEN: "read-token-of-some-length",
};
/** The deployment that the tests of a file ask. */
export const DEPLOYMENT: Env = {
  ...(env as Env),
  ...TOKENS,
  MOORING_SECRET: "a-secret-for-tests-of-more-than-32-bytes",
};

export interface Ask {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly env?: Env;
}

/** One request to the worker. */
export function ask(path: string, { env: of = DEPLOYMENT, ...init }: Ask = {}): Promise<Response> {
  const request = new Request(`${ORIGIN}${path}`, { redirect: "manual", ...init });
  return worker.fetch(
    request as Request<unknown, IncomingRequestCfProperties>,
    of,
    createExecutionContext(),
  ) as Promise<Response>;
}

/** The admin API with the admin token. */
export function api(path: string, { headers, ...init }: Ask = {}): Promise<Response> {
  const authorization = `Bearer ${TOKENS.MOORING_ADMIN_TOKEN}`;
  return ask(`/_mooring/v1${path}`, { ...init, headers: { authorization, ...headers } });
}

/** Makes a document the config in force. */
export async function put(document: object): Promise<void> {
  const current = await api("/config");
  await current.text();
  const etag = current.headers.get("etag");
  const headers = {
    "content-type": "application/json",
    ...(etag === null ? { "if-none-match": "*" } : { "if-match": etag }),
  };
  const response = await api("/config", { method: "PUT", body: JSON.stringify(document), headers });
  if (!response.ok) throw new Error(await response.text());
}

/** Sends a form as a browser does that stands on a page of the same origin. */
export function submit(
  path: string,
  fields: Record<string, string>,
  { headers, ...init }: Ask = {},
): Promise<Response> {
  return ask(path, {
    method: "POST",
    body: String(new URLSearchParams(fields)),
    headers: {
      "content-type": "application/x-www-form-urlencoded",
      origin: ORIGIN,
      "sec-fetch-site": "same-origin",
      ...headers,
    },
    ...init,
  });
}

export const logIn = (token: string, init: Ask = {}) => submit("/_mooring/console/login", { token }, init);

/** The Cookie header after a login. */
export async function cookieOf(token: string = TOKENS.MOORING_ADMIN_TOKEN, init: Ask = {}): Promise<string> {
  const set = (await logIn(token, init)).headers.get("set-cookie") ?? "";
  return set.slice(0, set.indexOf(";"));
}
