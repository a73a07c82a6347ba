import type { Child } from "hono/jsx";
import type { Background } from "../../src/model/ports.ts";
import type { Scope } from "../admin/auth.ts";
import type { Isolate } from "../edge/isolate.ts";
import { html, may } from "./access.ts";
import type { Api } from "./api.ts";
import { Layout, type Place } from "./layout.tsx";

/** One request of somebody who has logged in. */
export interface Visit {
  readonly isolate: Isolate;
  readonly background: Background;
  readonly api: Api;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** A segment of the path, decoded. */
  readonly param: (name: string) => string;
  readonly url: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Makes a page. */
export type Page = (visit: Visit) => Promise<Response>;
/** Does what a form asks for, and leads to where it is seen; else says why not. */
export type Action = (visit: Visit, form: URLSearchParams) => Promise<Response>;

export function can({ api }: Visit, scope: Scope): boolean {
  return may(api.holder, scope);
}

/** Seconds between two looks at a page's live parts: each counts the sessions of all pods, which costs the store. */
export function everyOf(pods: number): number {
  return Math.min(60, Math.max(3, Math.ceil(pods / 50)));
}

/** A page as an answer. */
export function render(
  { api, isolate }: Visit,
  { title, place, status = 200 }: { title: string; place: Place; status?: number },
  children: Child,
): Response {
  const pods = isolate.views.current?.pools.reduce((sum, pool) => sum + pool.pods.length, 0) ?? 0;
  const page = (
    <Layout title={title} place={place} who={api.holder.who} every={everyOf(pods)}>
      {children}
    </Layout>
  );
  return html(`<!DOCTYPE html>${page}`, status);
}
