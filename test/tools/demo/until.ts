import { setTimeout as wait } from "node:timers/promises";

/** Resolves with the first answer of `look` that is not undefined or false; the test's own limit ends the wait. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
    await wait(20);
  }
}

/** Whether a process runs. */
export function runs(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
    throw error;
  }
}
