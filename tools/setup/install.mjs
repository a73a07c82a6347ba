import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "./lock.mjs";

/** An error whose message is all the user needs: it is printed without a stack. */
export class SetupError extends Error {}

const STAMP = "node_modules/.mooring-setup";
/** Without a terminal, a line at most this often. */
const PROGRESS_MS = 5_000;

function readJson(path) {
  return JSON.parse(readFileSync(path, "utf8"));
}

function lockfileHash(root) {
  const path = join(root, "package-lock.json");
  if (!existsSync(path)) throw new SetupError("package-lock.json is missing: this checkout is not complete");
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

/** Whether an optional package names this system; without a system it is only needed by others that do. */
function meantForHere(entry) {
  const names = (list, value) => list?.includes(value) === true;
  return names(entry.os, process.platform) && names(entry.cpu, process.arch) && entry.libc === undefined;
}

/** Whether an install by hand (npm ci) left exactly what the lockfile says; packages for other systems may lack. */
function installedByHand(root) {
  const hidden = join(root, "node_modules/.package-lock.json");
  if (!existsSync(hidden)) return false;
  const have = readJson(hidden).packages ?? {};
  const want = readJson(join(root, "package-lock.json")).packages ?? {};
  return Object.entries(want).every(([path, entry]) => {
    if (path === "") return true;
    const found = have[path];
    if (found === undefined) return entry.optional === true && !meantForHere(entry);
    return found.version === entry.version && found.integrity === entry.integrity;
  });
}

function installed(root, hash) {
  const stamp = join(root, STAMP);
  if (existsSync(stamp)) return readFileSync(stamp, "utf8").trim() === hash;
  if (!installedByHand(root)) return false;
  writeFileSync(stamp, `${hash}\n`);
  return true;
}

/** Says that npm is at work, and for how long; npm itself tells nothing of use before the end. */
function showProgress() {
  const began = Date.now();
  const tty = process.stderr.isTTY === true;
  const line = () => `Setting up: installing packages (${Math.round((Date.now() - began) / 1000)} s)`;
  console.error("Setting up: installing packages. This happens once and takes about half a minute.");
  const timer = setInterval(
    () => process.stderr.write(tty ? `\r${line()}` : `${line()}\n`),
    tty ? 500 : PROGRESS_MS,
  );
  return () => {
    clearInterval(timer);
    if (tty) process.stderr.write("\r\x1b[2K");
  };
}

/** What npm says about a failure, without its warnings and its list of options. */
function told(output) {
  const lines = output.split("\n").filter((line) => !/^npm warn/i.test(line));
  const usage = lines.findIndex((line) => line.includes("Clean install a project"));
  const log = lines.filter((line) => line.includes("complete log"));
  return (usage < 0 ? lines : [...lines.slice(0, usage), ...log]).join("\n").trim();
}

/** `npm ci` without install scripts; its output is held back and shown only when it fails. */
function npmCi(root) {
  const args = ["ci", "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const cli = process.env.npm_execpath;
  const own = cli?.endsWith("npm-cli.js") === true && existsSync(cli);
  // `npm test --silent` hands its silence down, and a failure would have no words.
  const env = { ...process.env, npm_config_loglevel: "warn" };
  return new Promise((resolve, reject) => {
    const child = own
      ? spawn(process.execPath, [cli, ...args], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] })
      : spawn("npm", args, {
          cwd: root,
          env,
          stdio: ["ignore", "pipe", "pipe"],
          shell: process.platform === "win32",
        });
    let output = "";
    child.stdout.on("data", (chunk) => (output += chunk));
    child.stderr.on("data", (chunk) => (output += chunk));
    const forward = (signal) => child.kill(signal);
    process.on("SIGINT", forward).on("SIGTERM", forward);
    const settle = (error) => {
      process.off("SIGINT", forward).off("SIGTERM", forward);
      if (error === undefined) resolve();
      else reject(error);
    };
    child.on("error", (error) => settle(new SetupError(`npm could not be started: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) settle(undefined);
      else if (signal !== null) settle(new SetupError(`npm ci was ended by ${signal}`));
      else {
        settle(new SetupError(`npm ci failed with code ${code}:\n${told(output)}`));
      }
    });
  });
}

/**
 * Installs the packages of the lockfile in `root`, unless just these are installed. Processes that do so at once in
 * one checkout wait for each other. Throws SetupError.
 */
export async function install(root) {
  if (installed(root, lockfileHash(root))) return;
  await withLock(
    join(root, ".mooring", "setup.lock"),
    async () => {
      const hash = lockfileHash(root);
      if (installed(root, hash)) return; // the process that was waited for did it
      const done = showProgress();
      try {
        await npmCi(root);
      } finally {
        done();
      }
      // Without dependencies npm makes no folder, so there is nothing to stamp.
      if (existsSync(join(root, "node_modules"))) writeFileSync(join(root, STAMP), `${hash}\n`);
    },
    (pid) =>
      console.error(`Setting up: waiting for process ${pid}, which installs packages in this checkout.`),
  );
}
