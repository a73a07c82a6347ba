import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Gate } from "./gate.ts";
import { ringGates } from "./rings.ts";

/**
 * V8 compiles in the foreground and WebAssembly well at once: else it would begin with quick compilers, and on a busy
 * machine take seconds to get round to the good ones, for one case and not for another.
 */
const FLAGS = ["--no-concurrent-recompilation", "--no-liftoff"];

/**
 * V8 decides once in a process how it compiles a pick, by what it has seen until then, and now and then decides badly, for
 * us or for an opponent: each has the best of several processes.
 */
const PROCESSES = 3;

/**
 * Every gate of the balancing core, in processes of their own.
 * @param dir a folder for what is compiled @param rounds that count, of each case
 */
export async function measureBalance(dir: string, rounds: number): Promise<Gate[]> {
  const rings: number[][] = [];
  for (let i = 0; i < PROCESSES; i++) {
    const part = await run<number[][]>("rings-child.ts", [String(Math.ceil(rounds / PROCESSES))]);
    for (const [at, times] of part.entries()) rings[at] = [...(rings[at] ?? []), ...times];
  }
  return [...ringGates(rings), ...(await run<Gate[]>("core.ts", [dir, String(rounds)]))];
}

/** What a script of this folder prints. */
async function run<Result>(name: string, args: readonly string[]): Promise<Result> {
  const script = join(import.meta.dirname, name);
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...process.execArgv,
    ...FLAGS,
    script,
    ...args,
  ]);
  return JSON.parse(stdout) as Result;
}
