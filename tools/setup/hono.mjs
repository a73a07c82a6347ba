import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { SetupError } from "./install.mjs";

const SOURCE = "node_modules/hono/dist";
const ENTRY = "preset/tiny.js";
const IMPORTED = /\bfrom "(\.[^"]+)"/g;

/**
 * The members that the worker has no use for, by file: no bundler can drop a part of a class. The first line of a member
 * says its name; private ones are those that only the others use.
 */
export const LEFT_OUT = {
  "hono-base.js": ["mount", "route", "basePath", "#clone", "request", "fire"],
  "context.js": [
    ...["event", "render", "setLayout", "getLayout", "setRenderer", "#layout", "#renderer", "notFound"],
    ...["body", "html", "redirect", "status", "set", "get", "var", "#var"],
  ],
  "request.js": [
    ...["parseBody", "json", "text", "arrayBuffer", "bytes", "blob", "formData", "#cachedBody"],
    ...["queries", "addValidatedData", "valid", "#validatedData", "matchedRoutes", "routePath"],
  ],
};

const MEMBER = /^\t(?:async |get |set )?(#?\w+)(?: = .*|\(.*\{|;)$/;

/** The module without these members of its class, and without what its documentation says of them. */
export function without(text, names) {
  const kept = [];
  let inside = false;
  for (const line of text.split("\n")) {
    if (inside) {
      inside = !/^\t[}\])]/.test(line);
    } else if (names.includes(MEMBER.exec(line)?.[1])) {
      if (kept.at(-1)?.endsWith("*/")) while (!kept.pop().startsWith("\t/**"));
      inside = !/[;}]$/.test(line);
    } else kept.push(line);
  }
  return kept.join("\n");
}

/** Path → text of the entry and of all that it imports. */
export function smaller(read) {
  const files = new Map();
  const visit = (path) => {
    if (files.has(path)) return;
    const text = without(read(path), LEFT_OUT[path] ?? []);
    files.set(path, text);
    for (const [, name] of text.matchAll(IMPORTED)) visit(join(dirname(path), name));
  };
  visit(ENTRY);
  return files;
}

/** Writes build/hono, which bundles take in place of hono/tiny. Safe to run several at once. Throws SetupError. */
export function buildHono(root) {
  const source = join(root, SOURCE);
  if (!existsSync(join(source, ENTRY)))
    throw new SetupError("hono is not installed: run npm ci --ignore-scripts first");
  for (const [name, text] of smaller((path) => readFileSync(join(source, path), "utf8"))) {
    const path = join(root, "build", "hono", name);
    if (existsSync(path) && readFileSync(path, "utf8") === text) continue;
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(`${path}-${process.pid}`, text);
    renameSync(`${path}-${process.pid}`, path);
  }
}
