import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle } from "./bundle.ts";
import { root } from "./root.ts";

/** `npm run build`: writes the worker that wrangler deploys, and says how large it is. */
const outdir = "build/deploy";
// wrangler takes every module that lies there.
rmSync(join(root, outdir), { recursive: true, force: true });
const { dir, modules } = await bundle({ outdir, minify: true });
const kib = (bytes: number) => (bytes / 1024).toFixed(1);
for (const { name } of modules) {
  const bytes = readFileSync(join(dir, name));
  console.log(`${outdir}/${name}: ${kib(bytes.length)} KiB, ${kib(gzipSync(bytes).length)} KiB gzipped`);
}
