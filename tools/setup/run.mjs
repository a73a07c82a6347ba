import { spawn } from "node:child_process";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildCore } from "./build.mjs";
import { buildHono } from "./hono.mjs";
import { install, SetupError } from "./install.mjs";
import { findNode } from "./node.mjs";
import { npmWatch } from "./parent.mjs";
import { buildYaml } from "./yaml.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];
const PARENT_POLL_MS = 500;

/** Runs the script to its end; the answer is the exit code, 128 + number when a signal ended it. */
function run(node, script, args) {
  return new Promise((resolve, reject) => {
    const path = `${join(root, "node_modules", ".bin")}${delimiter}${process.env.PATH ?? ""}`;
    // Without it each call of the command line reads TypeScript for most of its time.
    const NODE_COMPILE_CACHE = process.env.NODE_COMPILE_CACHE ?? join(root, "build", "cache");
    const child = spawn(node.path, [...node.flags, join(root, script), ...args], {
      cwd: root,
      stdio: "inherit",
      env: { ...process.env, PATH: path, NODE_COMPILE_CACHE },
    });
    for (const signal of SIGNALS) process.on(signal, () => child.kill(signal));
    const gone = npmWatch();
    const watch =
      gone === undefined ? undefined : setInterval(() => gone() && child.kill("SIGTERM"), PARENT_POLL_MS);
    const settle = () => clearInterval(watch);
    child.on("error", (error) => {
      settle();
      reject(new SetupError(`${node.path} could not be started: ${error.message}`));
    });
    child.on("exit", (code, signal) => {
      settle();
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
  });
}

async function main(argv) {
  const build = argv[0] !== "--no-build";
  const [script, ...args] = build ? argv : argv.slice(1);
  if (script === undefined)
    throw new SetupError("usage: node tools/setup/run.mjs [--no-build] SCRIPT [argument …]");
  await install(root);
  if (build) {
    await buildCore(root);
    buildYaml(root);
    buildHono(root);
  }
  return run(findNode(root), script, args);
}

try {
  process.exit(await main(process.argv.slice(2)));
} catch (error) {
  console.error(error instanceof SetupError ? `error: ${error.message}` : error);
  process.exit(1);
}
