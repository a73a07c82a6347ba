import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "./port.ts";
import { userPath } from "./user-path.ts";

function holder(lock: string): number | undefined {
  const pid = Number.parseInt(readFileSync(lock, "utf8"), 10);
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM" ? pid : undefined;
  }
}

/**
 * Opens the folder that keeps state from run to run, made if need be, for this process alone: two processes in one
 * folder of Durable Objects destroy it. Answers its absolute path and how to let go of it. Throws StartError.
 */
export function openState(path: string): { dir: string; close(): void } {
  const dir = userPath(path);
  const lock = join(dir, "lock");
  try {
    mkdirSync(dir, { recursive: true });
  } catch (error) {
    throw new StartError(`the state folder ${dir} cannot be made: ${(error as Error).message}`);
  }
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      writeFileSync(lock, `${process.pid}\n`, { flag: "wx" });
      return { dir, close: () => rmSync(lock, { force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") {
        throw new StartError(`the state folder ${dir} cannot be used: ${(error as Error).message}`);
      }
    }
    const pid = holder(lock);
    if (pid !== undefined) throw new StartError(`the state folder ${dir} is in use by process ${pid}`);
    rmSync(lock, { force: true });
  }
  throw new StartError(`the state folder ${dir} is in use`);
}
