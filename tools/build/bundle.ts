import { existsSync } from "node:fs";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { build, type Plugin } from "rolldown";
import { minify as minifyScript } from "rolldown/utils";
import { root } from "./root.ts";

/** A module of the bundle; its name is its path in the bundle's folder. */
export interface BundleModule {
  type: "ESModule" | "CompiledWasm" | "Text";
  name: string;
}

export interface Bundle {
  /** Absolute. */
  dir: string;
  /** Name of the entry module. */
  main: string;
  /** Names of those that are loaded with it, before any request: itself, and what it imports. */
  start: string[];
  /** All of them, the entry first. */
  modules: BundleModule[];
}

export interface BundleOptions {
  /** Where to; relative to the top folder. */
  outdir?: string;
  minify?: boolean;
}

const MAIN = "index.js";
const RAW = "?raw";

/** The same packages without what nobody uses of them (decisions 25 and 30). */
export const ALIAS = {
  "js-yaml": join(root, "build", "js-yaml.mjs"),
  "hono/tiny": join(root, "build", "hono", "preset", "tiny.js"),
};

/** What stands beside the entry, by the end of its name: wrangler's default rules say the same. */
const BESIDE: Readonly<Record<string, BundleModule["type"]>> = { ".wasm": "CompiledWasm", ".txt": "Text" };

/** What a module of the bundle is, by its name. */
export function moduleType(name: string): BundleModule["type"] {
  return Object.entries(BESIDE).find(([ending]) => name.endsWith(ending))?.[1] ?? "ESModule";
}

/**
 * Keeps `import core from "….wasm"` as an import of a module beside the bundle, as the runtime compiles it itself, and
 * texts likewise: they are handed out and never parsed.
 */
function beside(found: Map<string, string>): Plugin {
  return {
    name: "beside",
    resolveId(source, importer) {
      if (moduleType(source) === "ESModule" || importer === undefined) return null;
      const path = resolve(importer, "..", source);
      if (!existsSync(path)) throw new Error(`${path} is missing: run npm run build first`);
      const name = basename(path);
      const other = found.get(name);
      if (other !== undefined && other !== path) throw new Error(`two modules are named ${name}`);
      found.set(name, path);
      return { id: `./${name}`, external: true };
    },
  };
}

/** `import text from "….css?raw"`: the text of a file within the module that imports it. */
function texts(minified: boolean): Plugin {
  return {
    name: "texts",
    resolveId(source, importer) {
      return source.endsWith(RAW) && importer !== undefined ? resolve(importer, "..", source) : null;
    },
    async load(id) {
      if (!id.endsWith(RAW)) return null;
      const path = id.slice(0, -RAW.length);
      const whole = await readFile(path, "utf8");
      const text = minified ? await smaller(path, whole) : whole;
      return { code: `export default ${JSON.stringify(text)};`, moduleType: "js" };
    },
  };
}

/** The elements that Hono's JSX would hoist or reorder, as React does: our pages write their heads themselves, so there are none. */
function plainElements(): Plugin {
  const PATH = /[\\/]hono[\\/]dist[\\/]jsx[\\/]intrinsic-element[\\/]components\.js$/;
  return {
    name: "plain-elements",
    load: (id) => (PATH.test(id) ? "export const components_exports = {};" : null),
  };
}

/** A script or a style sheet without what nobody but a reader needs. */
async function smaller(path: string, text: string): Promise<string> {
  if (path.endsWith(".js")) return (await minifyScript(path, text, { module: false, sourcemap: false })).code;
  // Texts and urls have no such characters in our style sheets.
  return text
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/\s+/g, " ")
    .replace(/ ?([{};,]) ?/g, "$1")
    .replace(/: /g, ":")
    .replace(/;}/g, "}")
    .trim();
}

/** The modules that the entry imports, and those that they import, but for what is loaded on demand. */
function startOf(
  output: readonly { fileName: string; isEntry?: boolean; imports?: readonly string[] }[],
): string[] {
  const byName = new Map(output.map((file) => [file.fileName, file]));
  const found = new Set<string>();
  const add = (name: string) => {
    if (found.has(name)) return;
    found.add(name);
    for (const next of byName.get(name)?.imports ?? [])
      if (/^(?!cloudflare:)/.test(next)) add(next.replace(/^\.\//, ""));
  };
  for (const { fileName, isEntry } of output) if (isEntry) add(fileName);
  return [...found];
}

/** Writes in one step, so that a process that reads the bundle now never sees half of it. */
async function put(path: string, bytes: Uint8Array | string): Promise<void> {
  const fresh = `${path}.${process.pid}`;
  await writeFile(fresh, bytes);
  await rename(fresh, path);
}

/**
 * Bundles the worker for workerd and for wrangler, which deploys it as it is: one ES module, and its WebAssembly and texts
 * beside it. Needs the core and the packages that npm run build makes first. Rejects with the bundler's errors.
 */
export async function bundle({
  outdir = "build/worker",
  minify = false,
}: BundleOptions = {}): Promise<Bundle> {
  const dir = resolve(root, outdir);
  const found = new Map<string, string>();
  const { output } = await build({
    input: join(root, "worker", "index.ts"),
    cwd: root,
    write: false,
    platform: "neutral",
    external: /^(?:cloudflare|node):/,
    resolve: {
      mainFields: ["module", "main"],
      conditionNames: ["workerd", "worker", "browser"],
      alias: ALIAS,
    },
    transform: {
      define: { "process.env.NODE_ENV": '"production"', "navigator.userAgent": '"Cloudflare-Workers"' },
    },
    plugins: [beside(found), texts(minify), plainElements()],
    output: { format: "esm", minify, comments: false, chunkFileNames: "[name].js" },
    logLevel: "silent",
  });
  await mkdir(dir, { recursive: true });
  const modules: BundleModule[] = [];
  for (const file of output) {
    if (file.type !== "chunk") throw new Error(`the bundler made ${file.fileName}, which is no module`);
    const name = file.isEntry ? MAIN : file.fileName;
    await put(join(dir, name), file.code);
    modules.push({ type: "ESModule", name });
  }
  for (const [name, path] of found) {
    await put(join(dir, name), await readFile(path));
    modules.push({ type: moduleType(name), name });
  }
  return { dir, main: MAIN, start: startOf(output), modules };
}
