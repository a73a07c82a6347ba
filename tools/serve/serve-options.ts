import { readConfigFile } from "./config-file.ts";
import { readFlags, whole } from "./flags.ts";
import { authority, StartError } from "./port.ts";
import { upstashFrom } from "./upstash.ts";

/** What the command line of `npm run serve` says. */
export interface ServeOptions {
  role: "edge" | "coordinator";
  port: number;
  host: string;
  /** A coordinator's folder; undefined: a temporary one. */
  state: string | undefined;
  config: string | undefined;
}

export const USAGE = `usage: npm run serve -- --role edge|coordinator [--port N] [--host H] [--state DIR] [--config FILE]

  --role         edge: serves traffic, keeps nothing; coordinator: holds config, health and load, one for all edges
  --port N       where it listens (edge 8787, coordinator 8790; 0: a free port)
  --host H       the address it listens on (127.0.0.1)
  --state DIR    where a coordinator keeps its state (otherwise in a temporary folder of this run)
  --config FILE  the config until a first PUT, native or of Kubernetes objects

Both need MOORING_SHARED_SECRET; an edge also needs MOORING_COORDINATOR_URL and MOORING_SECRET. Optional are
UPSTASH_REDIS_REST_URL with UPSTASH_REDIS_REST_TOKEN, MOORING_ADMIN_TOKEN, MOORING_READ_TOKEN, MOORING_DRAIN_TOKEN,
MOORING_SECRET_NEXT, MOORING_SECRET_PREVIOUS, MOORING_SECRET_RETIRED, MOORING_ZONE, MOORING_TRACES,
MOORING_LOG, MOORING_ALERT_WEBHOOK (of the coordinator) and MOORING_CONFIG.`;

const PASSED = [
  "MOORING_SHARED_SECRET",
  "MOORING_COORDINATOR_URL",
  "MOORING_SECRET",
  "MOORING_SECRET_NEXT",
  "MOORING_SECRET_PREVIOUS",
  "MOORING_SECRET_RETIRED",
  "MOORING_PLATFORM",
  "MOORING_ZONE",
  "MOORING_ADMIN_TOKEN",
  "MOORING_READ_TOKEN",
  "MOORING_DRAIN_TOKEN",
  "MOORING_TRACES",
  "MOORING_LOG",
  "MOORING_ALERT_WEBHOOK",
  "MOORING_CONFIG",
  "MOORING_CONFIG_RESET",
];
/** Variables that sign or seal something, with the least number of bytes that cannot be guessed. */
const SECRETS = [
  "MOORING_SHARED_SECRET",
  "MOORING_SECRET",
  "MOORING_SECRET_NEXT",
  "MOORING_SECRET_PREVIOUS",
  "MOORING_SECRET_RETIRED",
];
const LEAST = 32;

/** Reads the flags; undefined when help is asked for. Throws StartError. */
export function serveOptions(argv: readonly string[]): ServeOptions | undefined {
  const flags = readFlags(argv, ["role", "port", "host", "state", "config"], USAGE);
  if (flags === undefined) return undefined;
  const { role } = flags;
  if (role !== "edge" && role !== "coordinator") {
    throw new StartError(`--role must be edge or coordinator\n\n${USAGE}`);
  }
  if (role === "edge" && flags.state !== undefined)
    throw new StartError("an edge keeps no state: leave --state out");
  return {
    role,
    port: whole("--port", flags.port ?? (role === "edge" ? "8787" : "8790"), 0, 65_535),
    host: flags.host ?? "127.0.0.1",
    state: flags.state,
    config: flags.config,
  };
}

/** The worker's variables, all problems with them at once. Throws StartError. */
export function serveEnv(options: ServeOptions, from: NodeJS.ProcessEnv): Record<string, string> {
  const env: Record<string, string> = {};
  const problems: string[] = [];
  for (const name of PASSED) if (from[name]) env[name] = from[name];
  const needed =
    options.role === "edge"
      ? ["MOORING_SHARED_SECRET", "MOORING_COORDINATOR_URL", "MOORING_SECRET"]
      : ["MOORING_SHARED_SECRET"];
  for (const name of needed) if (env[name] === undefined) problems.push(`${name} is not set`);
  for (const name of SECRETS) {
    if (env[name] !== undefined && Buffer.byteLength(env[name]) < LEAST) {
      problems.push(`${name} must have at least ${LEAST} bytes`);
    }
  }
  const url = env.MOORING_COORDINATOR_URL;
  if (url !== undefined && !/^https?:\/\/[^/]/.test(url)) {
    problems.push("MOORING_COORDINATOR_URL must begin with http:// or https://");
  }
  if (problems.length > 0) throw new StartError(`the ${options.role} cannot start: ${problems.join("; ")}`);
  const upstash = upstashFrom(from);
  if (upstash !== undefined) {
    env.UPSTASH_REDIS_REST_URL = upstash.url;
    env.UPSTASH_REDIS_REST_TOKEN = upstash.token;
  }
  if (options.config !== undefined) {
    const { text, notices } = readConfigFile(options.config, authority(options.host, options.port));
    for (const notice of notices) console.error(`notice: ${notice}`);
    env.MOORING_CONFIG = text;
  }
  return env;
}
