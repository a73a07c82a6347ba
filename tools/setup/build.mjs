import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { buildHono } from "./hono.mjs";
import { SetupError } from "./install.mjs";
import { buildYaml } from "./yaml.mjs";

const ASC = "node_modules/assemblyscript/bin/asc.js";

/** A hash over everything that the compiled core depends on. */
function sourcesHash(root) {
  const hash = createHash("sha256");
  const sources = readdirSync(join(root, "assembly"), { recursive: true })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => join("assembly", name))
    .sort();
  for (const name of [...sources, "asconfig.json", "node_modules/assemblyscript/package.json"]) {
    const bytes = readFileSync(join(root, name));
    hash.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}

function compile(root, outFile) {
  return new Promise((done, fail) => {
    const args = [join(root, ASC), "--target", "release", "--outFile", outFile];
    const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    child.on("error", fail);
    child.on("close", (code) => {
      if (code === 0) done();
      else fail(new SetupError(`the core does not compile (asc ended with code ${code}):\n${output.trim()}`));
    });
  });
}

/**
 * Compiles assembly/ to build/core.wasm, unless its sources are those of the last time. Safe to run several at once:
 * each writes a file of its own, which then takes the name in one step. Throws SetupError.
 */
export async function buildCore(root) {
  for (const name of ["assembly/index.ts", "asconfig.json"]) {
    if (!existsSync(join(root, name)))
      throw new SetupError(`${name} is missing: this checkout is not complete`);
  }
  if (!existsSync(join(root, ASC))) {
    throw new SetupError("the compiler is not installed: run npm ci --ignore-scripts first");
  }
  const wasm = join(root, "build", "core.wasm");
  const stamp = join(root, "build", "core.hash");
  const hash = sourcesHash(root);
  if (existsSync(wasm) && existsSync(stamp) && readFileSync(stamp, "utf8").trim() === hash) return false;
  mkdirSync(join(root, "build"), { recursive: true });
  const fresh = join("build", `core-${process.pid}.wasm`);
  try {
    await compile(root, fresh);
    renameSync(join(root, fresh), wasm);
  } finally {
    rmSync(join(root, fresh), { force: true });
  }
  writeFileSync(`${stamp}-${process.pid}`, `${hash}\n`);
  renameSync(`${stamp}-${process.pid}`, stamp);
  return true;
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    const root = fileURLToPath(new URL("../..", import.meta.url));
    const built = await buildCore(root);
    buildYaml(root);
    buildHono(root);
    console.error(built ? "built build/core.wasm" : "build/core.wasm is up to date");
  } catch (error) {
    console.error(error instanceof SetupError ? `error: ${error.message}` : error);
    process.exitCode = 1;
  }
}
