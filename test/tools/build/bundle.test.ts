import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { bundle } from "../../../tools/build/bundle.ts";

it("loads at most 120 KiB to serve traffic, js and wasm together, minified and gzipped; the rest on demand", async () => {
  const outdir = mkdtempSync(join(tmpdir(), "mooring-bundle-"));
  try {
    const { dir, main, modules, start } = await bundle({ outdir, minify: true });
    const typeOf = new Map(modules.map(({ name, type }) => [name, type]));
    expect(start).toContain(main);
    expect(start.filter((name) => typeOf.get(name) === "CompiledWasm")).toEqual(["core.wasm"]);
    // The readers of texts, the console, and the admin API with its document.
    expect([...typeOf.keys()].filter((name) => !start.includes(name))).toEqual(
      expect.arrayContaining(["app.js", "console.js", "parse-text.js", "openapi.txt"]),
    );
    // What decision 50 says of the console.
    expect(start).not.toContain("console.js");
    const console = gzipSync(readFileSync(join(dir, "console.js")), { level: 9 }).length;
    expect(console).toBeLessThanOrEqual(26 * 1024);
    const bytes = start.map((name) => gzipSync(readFileSync(join(dir, name)), { level: 9 }).length);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(120 * 1024);
  } finally {
    rmSync(outdir, { recursive: true });
  }
});
