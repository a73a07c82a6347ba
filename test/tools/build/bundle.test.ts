import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { bundle } from "../../../tools/build/bundle.ts";

it("is at most 120 KiB, js and wasm together, minified and gzipped", async () => {
  const outdir = mkdtempSync(join(tmpdir(), "mooring-bundle-"));
  try {
    const { dir, modules } = await bundle({ outdir, minify: true });
    expect(modules.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([
      "core.wasm CompiledWasm",
      "index.js ESModule",
      "openapi.txt Text",
    ]);
    const code = modules.filter(({ type }) => type !== "Text");
    const bytes = code.map(({ name }) => gzipSync(readFileSync(join(dir, name)), { level: 9 }).length);
    expect(bytes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(120 * 1024);
  } finally {
    rmSync(outdir, { recursive: true });
  }
});
