import { readFileSync } from "node:fs";
import type { OutgoingHttpHeaders, ServerResponse } from "node:http";

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  css: "text/css; charset=utf-8",
  js: "text/javascript; charset=utf-8",
};
const FILES = [
  "app.css",
  "wall.css",
  "plan.css",
  "app.js",
  "parts/banner.js",
  "parts/cart.js",
  "parts/decision.js",
  "parts/dom.js",
  "parts/plan.js",
  "parts/stream.js",
  "parts/timeline.js",
  "parts/wall.js",
  "parts/words.js",
] as const;

/** The files of the page by path; the page refers to them relatively, so it can be served at any base. */
export type Page = ReadonlyMap<string, { readonly type: string; readonly body: Buffer }>;

/** Reads the page into memory. Throws when a file is missing. */
export function loadPage(): Page {
  const read = (name: string) => readFileSync(new URL(`./page/${name}`, import.meta.url));
  const page = new Map([["/", { type: TYPES.html!, body: read("index.html") }]]);
  for (const name of FILES) {
    page.set(`/${name}`, { type: TYPES[name.slice(name.lastIndexOf(".") + 1)]!, body: read(name) });
  }
  return page;
}

/** Answers with a file of the page; false when `path` is none. */
export function sendPage(
  response: ServerResponse,
  page: Page,
  path: string,
  headers: OutgoingHttpHeaders = {},
): boolean {
  const file = page.get(path);
  if (file === undefined) return false;
  response.writeHead(200, {
    "content-type": file.type,
    "content-length": file.body.length,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy":
      "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'",
    ...headers,
  });
  response.end(file.body);
  return true;
}
