import type { Context } from "hono";
import { type Holder, holders } from "../admin/auth.ts";
import { looks } from "../admin/fleet.ts";
import { app } from "../app.ts";
import type { Env } from "../env.ts";

export type ConsoleContext = Context<{ Bindings: Env }>;

/** Why the API did not do what it was asked for. */
export class Problem {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly errors: readonly { readonly path: string; readonly message: string; readonly hint: string }[];

  constructor(
    status: number,
    { code = "", title = "", detail = "", errors = [] }: Partial<Omit<Problem, "status">>,
  ) {
    this.status = status;
    this.code = code;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
  }
}

/** What a call sends beside its path. */
export interface Call {
  readonly method: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The admin API as whoever has logged in may use it: the same routes with the same guards and the same entries in the audit,
 * in this isolate and over no network. Paths are below /_mooring/v1.
 */
export class Api {
  readonly holder: Holder;
  readonly #context: ConsoleContext;
  /** A page is one look: its calls count each pod once. */
  readonly #counted = new Map<number, number>();

  constructor(context: ConsoleContext, holder: Holder) {
    this.#context = context;
    this.holder = holder;
  }

  get<T>(path: string): Promise<T | Problem> {
    return this.#call(path, { method: "GET" });
  }

  send<T>(method: string, path: string, body?: object): Promise<T | Problem> {
    if (body === undefined) return this.#call(path, { method });
    const headers = { "content-type": "application/json" };
    return this.#call(path, { method, body: JSON.stringify(body), headers });
  }

  /** With a config as somebody wrote it: JSON is YAML, too. */
  config<T>(
    method: string,
    path: string,
    text: string,
    headers: Record<string, string> = {},
  ): Promise<T | Problem> {
    return this.#call(path, {
      method,
      body: text,
      headers: { "content-type": "application/yaml", ...headers },
    });
  }

  async #call<T>(path: string, { method, body, headers }: Call): Promise<T | Problem> {
    const { env, executionCtx, req } = this.#context;
    const request = new Request(new URL(`/_mooring/v1${path}`, req.url), {
      method,
      headers: { accept: "application/json", ...headers },
      ...(body === undefined ? {} : { body }),
    });
    holders.set(request, this.holder);
    looks.set(request, this.#counted);
    const response = await app.fetch(request, env, executionCtx);
    const json = (await response.json()) as T & Partial<Problem>;
    return response.ok ? json : new Problem(response.status, json);
  }
}

/** A path of the API from its segments, which may be any text. */
export function path(...segments: readonly string[]): string {
  return segments.map((segment) => `/${encodeURIComponent(segment)}`).join("");
}

/** A query of what is there. */
export function query(values: Readonly<Record<string, string | number | null | undefined>>): string {
  const found = Object.entries(values).filter(
    ([, value]) => value !== undefined && value !== null && value !== "",
  );
  return found.length === 0
    ? ""
    : `?${new URLSearchParams(found.map(([name, value]) => [name, String(value)]))}`;
}
