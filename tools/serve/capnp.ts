import type { BundleModule } from "../build/bundle.ts";
import type { Compatibility } from "../build/compatibility.ts";

/** Everything that a workerd config says about this worker. */
export interface WorkerdConfig {
  modules: readonly BundleModule[];
  compatibility: Compatibility;
  /** Names of the environment variables that the worker gets; their values stay out of the file. */
  variables: readonly string[];
  /** Absolute folder of the Durable Objects; undefined: this process has none. */
  stateDir: string | undefined;
}

/** Durable Object classes and their bindings, as in wrangler.toml. */
const OBJECTS = [
  { binding: "COORDINATOR", className: "Coordinator" },
  { binding: "STORE", className: "BindingShard" },
];

/**
 * MiB of V8's heap. By default a half of the young heap grows to 16, and the old one to far more before it is first looked
 * through: beside each answered request that waits there to be collected the runtime holds a few KiB that V8 does not count. So
 * an edge holds 170 MiB in place of 320 after as many requests, at the same CPU for each (docs/decisions/0055-a-small-heap.md).
 */
const HEAP = ["--max-semi-space-size=4", "--initial-old-space-size=8"];

/** A Cap'n Proto text literal. */
export function quote(text: string): string {
  const escaped = text.replace(/[\\"]/g, "\\$&").replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must be escaped
    /[\x00-\x1f\x7f]/g,
    (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, "0")}`,
  );
  return `"${escaped}"`;
}

const KINDS = { ESModule: "esModule", CompiledWasm: "wasm", Text: "text" } as const;

function moduleLine({ type, name }: BundleModule): string {
  return `    (name = ${quote(name)}, ${KINDS[type]} = embed ${quote(name)}),`;
}

/**
 * The text of a workerd config: one socket `http` whose address comes from the command line, and the worker, allowed to
 * reach public, private and local addresses, as its pods are on them. Modules are embedded from beside the file.
 */
export function workerdConfig({ modules, compatibility, variables, stateDir }: WorkerdConfig): string {
  const bindings = variables.map((name) => `    (name = ${quote(name)}, fromEnvironment = ${quote(name)}),`);
  const objects: string[] = [];
  const services: string[] = [];
  if (stateDir !== undefined) {
    for (const { binding, className } of OBJECTS) {
      bindings.push(`    (name = ${quote(binding)}, durableObjectNamespace = ${quote(className)}),`);
      objects.push(
        // The name that miniflare gives it too, so that both read one another's state.
        `    (className = ${quote(className)}, uniqueKey = ${quote(`mooring-${className}`)}, enableSql = true),`,
      );
    }
    services.push(`    (name = "state", disk = (path = ${quote(stateDir)}, writable = true)),`);
  }
  const storage =
    stateDir === undefined
      ? []
      : [
          "  durableObjectNamespaces = [",
          ...objects,
          "  ],",
          '  durableObjectStorage = (localDisk = "state"),',
        ];
  return [
    'using Workerd = import "/workerd/workerd.capnp";',
    "",
    "const config :Workerd.Config = (",
    `  v8Flags = [${HEAP.map(quote).join(", ")}],`,
    "  services = [",
    '    (name = "main", worker = .worker),',
    '    (name = "internet", network = (',
    '      allow = ["public", "private", "local"],',
    "      tlsOptions = (trustBrowserCas = true),",
    "    )),",
    ...services,
    "  ],",
    '  sockets = [(name = "http", http = (), service = "main")],',
    ");",
    "",
    "const worker :Workerd.Worker = (",
    "  modules = [",
    ...modules.map(moduleLine),
    "  ],",
    `  compatibilityDate = ${quote(compatibility.date)},`,
    `  compatibilityFlags = [${compatibility.flags.map(quote).join(", ")}],`,
    "  bindings = [",
    ...bindings,
    "  ],",
    ...storage,
    ");",
    "",
  ].join("\n");
}
