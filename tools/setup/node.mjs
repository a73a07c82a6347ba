import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SetupError } from "./install.mjs";

function atLeast(version, major, minor) {
  const [a = 0, b = 0] = version.replace(/^v/, "").split(".").map(Number);
  return a > major || (a === major && b >= minor);
}

/** Flags by which a Node runs TypeScript files; none once it does so by itself (22.18, 23.6). */
function flags(version) {
  const byItself = atLeast(version, 23, 6) || (version.startsWith("v22.") && atLeast(version, 22, 18));
  return byItself ? [] : ["--experimental-strip-types", "--disable-warning=ExperimentalWarning"];
}

/**
 * The Node that runs this project: the one that the packages bring (Linux x64 and arm64), else the current one when
 * it is 22.6 or newer. Throws SetupError.
 */
export function findNode(root) {
  const carried = join(root, "node_modules", ".bin", "node");
  if (existsSync(carried)) {
    // It is built for glibc: elsewhere it exists but does not start.
    const answer = spawnSync(carried, ["--version"], { encoding: "utf8" });
    const version = (answer.stdout ?? "").trim();
    if (answer.status === 0 && atLeast(version, 22, 6)) return { path: carried, flags: flags(version) };
  }
  if (atLeast(process.version, 22, 6)) return { path: process.execPath, flags: flags(process.version) };
  throw new SetupError(
    `Node ${process.version} is too old on ${process.platform} ${process.arch}: install Node 22 or newer. ` +
      "(On Linux x64 and arm64 with glibc, Node 20 is enough, as the packages bring a newer one.)",
  );
}
