import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { build, type Plugin } from "esbuild";
import { root } from "./root.ts";

/** A module of the bundle; its name is its path in the bundle's folder. */
export interface BundleModule {
  type: "ESModule" | "CompiledWasm";
  name: string;
}

export interface Bundle {
  /** Absolute. */
  dir: string;
  /** Name of the entry module. */
  main: string;
  /** All of them, the entry first. */
  modules: BundleModule[];
}

export interface BundleOptions {
  /** Where to; relative to the top folder. */
  outdir?: string;
  minify?: boolean;
}

const MAIN = "index.js";

/** Keeps `import core from "….wasm"` as an import of a module beside the bundle, as the runtime compiles it itself. */
function wasmBeside(found: Map<string, string>): Plugin {
  return {
    name: "wasm-beside",
    setup(api) {
      api.onResolve({ filter: /\.wasm$/ }, (args) => {
        const path = resolve(args.resolveDir, args.path);
        if (!existsSync(path)) return { errors: [{ text: `${path} is missing: run npm run build first` }] };
        const name = basename(path);
        const other = found.get(name);
        if (other !== undefined && other !== path)
          return { errors: [{ text: `two modules are named ${name}` }] };
        found.set(name, path);
        return { path: `./${name}`, external: true };
      });
    },
  };
}

/** Writes in one step, so that a process that reads the bundle now never sees half of it. */
async function put(path: string, bytes: Uint8Array): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, bytes);
  await rename(fresh, path);
}

/**
 * Bundles the worker for workerd: one ES module and its WebAssembly beside it. Needs what npm run build
 * makes. Rejects with esbuild's errors.
 */
export async function bundle({
  outdir = "build/worker",
  minify = false,
}: BundleOptions = {}): Promise<Bundle> {
  const dir = resolve(root, outdir);
  const found = new Map<string, string>();
  const result = await build({
    entryPoints: [join(root, "worker", "index.ts")],
    outfile: join(dir, MAIN),
    absWorkingDir: root,
    bundle: true,
    write: false,
    minify,
    format: "esm",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "browser"],
    target: "es2023",
    external: ["cloudflare:*", "node:*"],
    alias: {
      "js-yaml": join(root, "build", "js-yaml.mjs"),
      "hono/tiny": join(root, "build", "hono", "preset", "tiny.js"),
    },
    define: { "process.env.NODE_ENV": '"production"', "navigator.userAgent": '"Cloudflare-Workers"' },
    plugins: [wasmBeside(found)],
    sourcemap: false,
    legalComments: "none",
    logLevel: "silent",
  });
  await mkdir(dir, { recursive: true });
  for (const file of result.outputFiles) {
    await mkdir(dirname(file.path), { recursive: true });
    await put(file.path, file.contents);
  }
  const modules: BundleModule[] = [{ type: "ESModule", name: MAIN }];
  for (const [name, path] of found) {
    await put(join(dir, name), await readFile(path));
    modules.push({ type: "CompiledWasm", name });
  }
  return { dir, main: MAIN, modules };
}
