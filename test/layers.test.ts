import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { root } from "../tools/build/root.ts";
import { imports, type Source, violations } from "../tools/check/layers.ts";
import { strip } from "../tools/check/lexer.ts";

const FOLDERS = ["assembly", "src", "worker", "tools", "bench"];

function sources(): Source[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => /\.(ts|tsx|mjs)$/.test(name))
      .map((name) => `${folder}/${name.replaceAll("\\", "/")}`)
      .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") })),
  );
}

describe("layers", () => {
  it("holds in every file", () => {
    const all = sources();
    expect(all.length).toBeGreaterThan(20);
    expect(violations(all)).toEqual([]);
  });

  it("reads the imports of the real files", () => {
    const found = sources().flatMap(({ text }) => imports(strip(text)));
    expect(found.filter((specifier) => specifier.startsWith(".")).length).toBeGreaterThan(20);
  });

  const broken: [string, string, string, RegExp | undefined][] = [
    [
      "model imports nothing",
      "src/model/a.ts",
      'import { b } from "../core/b.ts";',
      /must not import src\/core/,
    ],
    [
      "also not a type",
      "src/model/a.ts",
      'import type { b } from "../core/b.ts";',
      /must not import src\/core/,
    ],
    ["also not again", "src/model/a.ts", 'export * from "../core/b.ts";', /must not import src\/core/],
    ["also not for effect", "src/model/a.ts", 'import "../core/b.ts";', /must not import src\/core/],
    [
      "also not later",
      "src/model/a.ts",
      'const b = await import("../core/b.ts");',
      /must not import src\/core/,
    ],
    ["also not over lines", "src/model/a.ts", 'import {\n  b,\n} from\n  "../core/b.ts";', /must not import/],
    ["itself is fine", "src/model/a.ts", 'import { b } from "./b.ts";', undefined],
    ["core uses model", "src/core/a.ts", 'import { b } from "../model/b.ts";', undefined],
    ["core uses no policy", "src/core/a.ts", 'import { b } from "../policies/b.ts";', /src\/policies/],
    ["side by side", "src/health/a.ts", 'import { b } from "../metrics/b.ts";', /src\/metrics/],
    ["config uses a registry", "src/config/a.ts", 'import { b } from "../policies/index.ts";', undefined],
    ["config uses no route", "src/config/a.ts", 'import { b } from "../route/b.ts";', /src\/route/],
    ["plan uses no policy", "src/plan/a.ts", 'import { b } from "../policies/b.ts";', /src\/policies/],
    ["kubernetes uses no core", "src/kubernetes/a.ts", 'import { b } from "../core/b.ts";', /src\/core/],
    [
      "src uses no worker",
      "src/route/a.ts",
      'import { b } from "../../worker/b.ts";',
      /must not import worker/,
    ],
    ["worker uses src", "worker/edge/a.ts", 'import { b } from "../../src/route/b.ts";', undefined],
    [
      "worker uses no tool",
      "worker/edge/a.ts",
      'import { b } from "../../tools/b.ts";',
      /must not import tools/,
    ],
    ["tools use the entry", "tools/a.ts", 'import { b } from "../worker/index.ts";', undefined],
    ["tools use no more of it", "tools/a.ts", 'import { b } from "../worker/edge/b.ts";', /worker\/edge/],
    [
      "assembly is alone",
      "assembly/a.ts",
      'import { b } from "../src/model/b.ts";',
      /assembly must not import/,
    ],
    ["packages", "src/route/a.ts", 'import { b } from "hono";', /package hono/],
    ["zod itself", "src/config/a.ts", 'import * as z from "zod/mini";', /package zod/],
    ["zod's types", "src/model/zod.ts", 'import type * as zod from "zod/mini";', undefined],
    ["cloudflare", "src/route/a.ts", 'import { b } from "cloudflare:workers";', /only worker/],
    ["a new folder", "src/novel/a.ts", "export const b = 1;", /no row/],
    ["fetch", "src/route/a.ts", "const a = await fetch(url);", /fetch/],
    ["a method named fetch", "src/route/a.ts", "const a = await pod.fetch(url);", undefined],
    ["Date.now", "src/route/a.ts", "const a = Date.now();", /Date\.now/],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a file
    ["in a template", "src/route/a.ts", "const a = `at ${Date.now()} ms`;", /Date\.now/],
    ["new Date", "src/route/a.ts", "const a = new Date( );", /new Date/],
    ["new Date without brackets", "src/route/a.ts", "const a = new Date;", /new Date/],
    ["a given moment as a date", "src/route/a.ts", "const a = new Date(now);", undefined],
    ["Math.random", "src/route/a.ts", "const a = Math.random();", /Math\.random/],
    ["a timer", "src/route/a.ts", "setTimeout(f, 1);", /setTimeout/],
    ["another", "src/route/a.ts", "const a = setInterval;", /setInterval/],
    ["performance", "src/route/a.ts", "const a = performance.now();", /performance/],
    ["random bytes", "src/route/a.ts", "crypto.getRandomValues(b);", /getRandomValues/],
    ["a random id", "src/route/a.ts", "const a = crypto.randomUUID();", /randomUUID/],
    ["a Cloudflare type", "src/route/a.ts", "let a: ExecutionContext;", /Cloudflare type/],
    ["in a comment", "src/route/a.ts", "// Date.now()\n/* fetch(a) */ const a = 1;", undefined],
    ["in a text", "src/route/a.ts", "const a = \"Date.now()\", b = 'fetch(c)', c = `setTimeout`;", undefined],
    ["after a regular expression", "src/route/a.ts", "const a = /[\"'`/]/; Date.now();", /Date\.now/],
    ["after a division", "src/route/a.ts", "const a = b / c; const d = e / Date.now();", /Date\.now/],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a file
    ["after a nested template", "src/route/a.ts", "const a = `${`${{ b: 1 }.b}`}`; Date.now();", /Date\.now/],
    ["elsewhere", "worker/edge/a.ts", "const a = Date.now();", undefined],
  ];

  it.each(broken)("%s", (_name, path, text, message) => {
    const found = violations([{ path, text }]);
    if (message === undefined) expect(found).toEqual([]);
    else {
      expect(found).toHaveLength(1);
      expect(found[0]).toMatch(message);
    }
  });
});
