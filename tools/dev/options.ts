import { readFlags, whole } from "../serve/flags.ts";

/** What the command line of `npm start` says. */
export interface StartOptions {
  port: number;
  host: string;
  /** File that is the config, instead of the demo. */
  config: string | undefined;
  /** How many demo pods. */
  pods: number;
  /** Folder that keeps state from run to run. */
  state: string | undefined;
}

export const USAGE = `usage: npm start [-- --port N] [--host H] [--pods N] [--config FILE] [--state DIR]

  --port N       where the edge listens (8787; 0: a free port)
  --host H       the address it listens on (127.0.0.1)
  --pods N       how many demo pods (3)
  --config FILE  a config, native or of Kubernetes objects: it replaces whatever is stored, and no demo pods are started
  --state DIR    keeps bindings and config there (otherwise in a temporary folder of this run)

Redis: UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN, or MOORING_REDIS_URL=redis://…, or a redis-server on PATH;
else the embedded durable store. MOORING_ADMIN_TOKEN is the admin token; unset, one is made and printed.`;

/** Reads the flags; undefined when help is asked for. Throws StartError. */
export function startOptions(argv: readonly string[]): StartOptions | undefined {
  const flags = readFlags(argv, ["port", "host", "config", "pods", "state"], USAGE);
  if (flags === undefined) return undefined;
  return {
    port: whole("--port", flags.port ?? "8787", 0, 65_535),
    host: flags.host ?? "127.0.0.1",
    config: flags.config,
    pods: whole("--pods", flags.pods ?? "3", 1, 50),
    state: flags.state,
  };
}
