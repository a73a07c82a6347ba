import { posix } from "node:path";
import { type Stripped, strip } from "./lexer.ts";

/** A source file: its path from the top folder with forward slashes, and its text. */
export interface Source {
  path: string;
  text: string;
}

/** Folders under src that stand side by side: none may import another. */
const SIDE_BY_SIDE = ["affinity", "events", "health", "metrics", "policies", "sessions"];
const ROUTE = ["model", "core", ...SIDE_BY_SIDE, "config"].map((name) => `src/${name}`);

/**
 * Who may import what, by the longest prefix of a path; a layer may always import itself. Prefixes that end in .ts are
 * one file.
 */
export const LAYERS: Readonly<Record<string, readonly string[]>> = {
  assembly: [],
  "src/model": [],
  "src/core": ["src/model"],
  ...Object.fromEntries(SIDE_BY_SIDE.map((name) => [`src/${name}`, ["src/model", "src/core"]])),
  "src/config": ["src/model", "src/affinity", "src/policies"],
  "src/route": ROUTE,
  "src/plan": ["src/model", "src/core", "src/config", "src/route"],
  "src/kubernetes": ["src/model", "src/config"],
  "src/doctor": ["src/model", "src/health"],
  worker: ["src", "build/core.wasm"],
  tools: ["src", "worker/index.ts"],
  bench: ["src", "worker/index.ts", "tools"],
};

/** The packages that src may use: pure, and made for every runtime. */
const SRC_PACKAGES = ["js-yaml"];
/** The only file that names zod, and for its types alone. */
const ZOD = "src/model/zod.ts";

/** What src must not name: clock, chance and I/O come in through ports, and no platform is known there. */
const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/(?<![.\w])fetch\s*\(/, "fetch("],
  [/\b(?:globalThis|self)\.fetch\b/, "fetch"],
  [/\bDate\s*\.\s*now\b/, "Date.now"],
  // With a moment given it is no clock.
  [/\bnew\s+Date\b(?!\s*\(\s*[^\s)])/, "new Date()"],
  [/\bMath\s*\.\s*random\b/, "Math.random"],
  [/\bset(?:Timeout|Interval)\b/, "setTimeout or setInterval"],
  [/\bperformance\s*\.\s*now\b/, "performance.now"],
  [/\b(?:getRandomValues|randomUUID)\b/, "crypto.getRandomValues or randomUUID"],
  [
    /\b(?:DurableObject(?:Namespace|State|Storage|Stub|Id)?|ExecutionContext|KVNamespace|SqlStorage|ExportedHandler|WebSocketPair|HTMLRewriter|IncomingRequestCfProperties|Fetcher|CacheStorage)\b/,
    "a Cloudflare type",
  ],
];

const IMPORTS = [
  /\b(?:import|export)\b[^"();]*?\bfrom\s*"(\d+)"/g,
  /\bimport\s*"(\d+)"/g,
  /\bimport\s*\(\s*"(\d+)"/g,
];

/** The specifiers of every import and re-export of a file, types too. */
export function imports({ code, literals }: Stripped): string[] {
  return IMPORTS.flatMap((pattern) =>
    [...code.matchAll(pattern)].map((match) => literals[Number(match[1])]!),
  );
}

function within(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

function layerOf(path: string): string | undefined {
  return Object.keys(LAYERS).find((layer) => within(path, layer));
}

function importProblem(path: string, specifier: string): string | undefined {
  const layer = layerOf(path);
  if (layer === undefined) return undefined;
  if (specifier.startsWith(".")) {
    const target = posix.normalize(posix.join(posix.dirname(path), specifier));
    if (within(target, layer) || LAYERS[layer]!.some((allowed) => within(target, allowed))) return undefined;
    return `${path}: ${layer} must not import ${target}`;
  }
  if (specifier.startsWith("cloudflare:") && !within(path, "worker"))
    return `${path}: only worker may import ${specifier}`;
  if (layer === "assembly") return `${path}: assembly imports no package (${specifier})`;
  if (path === ZOD && specifier === "zod/mini") return undefined;
  if (within(path, "src") && !SRC_PACKAGES.includes(specifier))
    return `${path}: src must not import the package ${specifier}`;
  return undefined;
}

/** Every break of the layer table and of src's purity, one sentence each; empty when there is none. */
export function violations(sources: readonly Source[]): string[] {
  return sources.flatMap(({ path, text }) => {
    const stripped = strip(text);
    const problems = imports(stripped).map((specifier) => importProblem(path, specifier));
    if (within(path, "src")) {
      if (layerOf(path) === undefined)
        problems.push(`${path}: this folder of src has no row in the layer table`);
      for (const [pattern, name] of IMPURE) {
        if (pattern.test(stripped.code)) problems.push(`${path}: src must not use ${name}`);
      }
    }
    return problems.filter((problem) => problem !== undefined);
  });
}
