import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../build/bundle.ts";
import { root } from "../build/root.ts";
import { startDemo } from "../demo/demo.ts";
import { readConfigFile } from "../serve/config-file.ts";
import type { Lifetime } from "../serve/lifetime.ts";
import { authority, freePort } from "../serve/port.ts";
import { type Running, runProgram } from "../serve/program.ts";
import { openState } from "../serve/state.ts";
import { startEdge } from "./edge.ts";
import { type StartOptions, startOptions, USAGE } from "./options.ts";
import { findSecret } from "./secret.ts";
import { chooseStore } from "./store.ts";
import { toTry } from "./try.ts";

/** Variables that reach the worker as they are. */
const PASSED = [
  "MOORING_READ_TOKEN",
  "MOORING_DRAIN_TOKEN",
  "MOORING_TRACES",
  "MOORING_LOG",
  "MOORING_ALERT_WEBHOOK",
  "MOORING_SECRET_NEXT",
  "MOORING_SECRET_PREVIOUS",
  "MOORING_SECRET_RETIRED",
];

/**
 * MOORING_CONFIG: the file's text, which replaces whatever is stored, or the demo's config. Its pods are new ones with
 * each run, so it replaces what a Redis remembers of an earlier run too; only --state keeps a config.
 */
async function config(
  options: StartOptions,
  edge: string,
  state: string | undefined,
  lifetime: Lifetime,
  token: string,
): Promise<Record<string, string>> {
  const reset = { MOORING_CONFIG_RESET: randomBytes(8).toString("hex") };
  if (options.config !== undefined) {
    const { text, notices } = readConfigFile(options.config, authority(options.host, options.port));
    for (const notice of notices) console.log(`Notice:      ${notice}`);
    return { MOORING_CONFIG: text, ...reset };
  }
  const remember = state === undefined ? {} : { portsFile: join(state, "demo-ports.json") };
  const demo = lifetime.own(await startDemo({ pods: options.pods, edge, token, ...remember }), (started) =>
    started.stop(),
  );
  return { MOORING_CONFIG: JSON.stringify(demo.config), ...(options.state === undefined ? reset : {}) };
}

/** All results; when some fail, the first failure, but not before all have come to an end: what they started is owned. */
async function together<Results extends readonly unknown[]>(
  work: readonly [...{ [Index in keyof Results]: Promise<Results[Index]> }],
): Promise<Results> {
  await Promise.allSettled(work);
  return (await Promise.all(work)) as unknown as Results;
}

/** Starts everything in order; each thing that was started is owned by `lifetime`. */
async function start(options: StartOptions, lifetime: Lifetime): Promise<Running> {
  const port = await freePort(options.port, options.host);
  const edge = `http://${authority(options.host, port)}`;
  const temporary = lifetime.own(mkdtempSync(join(tmpdir(), "mooring-")), (dir) =>
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 }),
  );
  const state =
    options.state === undefined
      ? undefined
      : lifetime.own(openState(options.state), (opened) => opened.close()).dir;
  const secret = findSecret(process.env, root);
  const made = process.env.MOORING_ADMIN_TOKEN ? undefined : randomBytes(24).toString("base64url");
  const token = made ?? process.env.MOORING_ADMIN_TOKEN ?? "";
  const [configured, store, built] = await together([
    config({ ...options, port }, edge, state, lifetime, token),
    chooseStore(process.env, state, lifetime),
    bundle({ outdir: join(temporary, "worker") }),
  ]);

  const env: Record<string, string> = { ...configured, MOORING_SECRET: secret.value };
  env.MOORING_ADMIN_TOKEN = token;
  for (const name of PASSED) if (process.env[name]) env[name] = process.env[name];
  if (store.upstash !== undefined) {
    env.UPSTASH_REDIS_REST_URL = store.upstash.url;
    env.UPSTASH_REDIS_REST_TOKEN = store.upstash.token;
  }
  const objects = join(state ?? temporary, "objects");
  const runtime = join(temporary, "runtime");
  await startEdge({ bundle: built, host: options.host, port, env, objects, temporary: runtime }, lifetime);

  console.log(`Store:       ${store.words}`);
  console.log(`Secret:      ${secret.from}`);
  console.log(`State:       ${state ?? "a temporary folder, removed at the end; --state DIR keeps it"}`);
  console.log(`Admin token: ${made ?? "from MOORING_ADMIN_TOKEN"}`);
  console.log(`Mooring is ready at ${edge}`);
  console.log(toTry({ edge, token: made, demo: options.config === undefined }));
  return {}; // a runtime that crashes is started again by miniflare
}

await runProgram(async (lifetime) => {
  const options = startOptions(process.argv.slice(2));
  if (options === undefined) {
    console.log(USAGE);
    lifetime.ask();
    return {};
  }
  return start(options, lifetime);
});
