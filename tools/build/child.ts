import { spawn } from "node:child_process";
import { constants } from "node:os";
import { root } from "../build/root.ts";

/** Runs a program of node_modules/.bin (or any on PATH) in the top folder to its end; answers its exit code. */
export function runToEnd(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit" });
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
