import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Gate } from "./gate.ts";

/**
 * V8 compiles in the foreground and WebAssembly well at once: else it would begin with quick compilers, and on a busy
 * machine take seconds to get round to the good ones, for one case and not for another.
 */
const FLAGS = ["--no-concurrent-recompilation", "--no-liftoff"];

/**
 * Every gate of the balancing core, in a process of its own.
 * @param dir a folder for what is compiled @param rounds that count, of each case
 */
export async function measureBalance(dir: string, rounds: number): Promise<Gate[]> {
  const script = join(import.meta.dirname, "core.ts");
  const args = [...process.execArgv, ...FLAGS, script, dir, String(rounds)];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Gate[];
}
