import { mkdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** The holder touches the lock once a second; a lock that nobody touched for this long has lost its holder. */
const STALE_MS = 15_000;
const TOUCH_MS = 1_000;
const POLL_MS = 250;

/** Whether a process of this machine has that id. */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** The holder's id and the lock's age in milliseconds; undefined when the lock is gone. */
async function inspect(path) {
  try {
    const { mtimeMs } = await stat(path);
    const text = await readFile(join(path, "pid"), "utf8").catch((error) => {
      if (error.code === "ENOENT") return ""; // between its mkdir and its writeFile
      throw error;
    });
    return { pid: Number.parseInt(text, 10), age: Date.now() - mtimeMs };
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

async function take(path) {
  try {
    await mkdir(path);
  } catch (error) {
    if (error.code === "EEXIST") return false;
    throw error;
  }
  await writeFile(join(path, "pid"), String(process.pid));
  return true;
}

/** Takes a dead holder's lock away. Renaming first lets only one of several waiters do it. */
async function breakLock(path) {
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
    return;
  }
  await rm(aside, { recursive: true, force: true });
}

/**
 * Runs `work` while holding the directory `path`, which only one process can make. Waits for another holder, calling
 * `onWait(pid)` once; takes the lock of a holder that is dead.
 */
export async function withLock(path, work, onWait) {
  await mkdir(dirname(path), { recursive: true });
  let waiting = false;
  while (!(await take(path))) {
    const holder = await inspect(path);
    if (holder === undefined) continue;
    const dead = Number.isNaN(holder.pid) ? false : !alive(holder.pid);
    if (dead || holder.age > STALE_MS) {
      await breakLock(path);
      continue;
    }
    if (!waiting) onWait(holder.pid);
    waiting = true;
    await sleep(POLL_MS);
  }
  const touch = setInterval(() => {
    const now = new Date();
    // Losing a touch is harmless until STALE_MS; a lock taken by another is noticed there, not here.
    utimes(path, now, now).catch((error) => {
      if (error.code !== "ENOENT") console.error(`setup: cannot touch ${path}: ${error.message}`);
    });
  }, TOUCH_MS);
  try {
    return await work();
  } finally {
    clearInterval(touch);
    await rm(path, { recursive: true, force: true });
  }
}
