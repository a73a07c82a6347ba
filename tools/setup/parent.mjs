import { readFileSync } from "node:fs";

/** The parent of a process, by Linux's /proc; undefined elsewhere, and for a process that is gone. */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name stands in parentheses and may hold anything, parentheses too.
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(parent);
  } catch (error) {
    if (error.code === "ENOENT" || error.code === "ESRCH") return undefined;
    throw error;
  }
}

/**
 * Under npm, a function that says whether npm has gone, which does not outlive a SIGKILL but would leave behind what it
 * started; undefined when npm did not start this. Between npm and this stands a shell, which notices nothing.
 */
export function npmWatch() {
  if (process.env.npm_lifecycle_event === undefined) return undefined;
  const shell = process.ppid;
  const npm = parentOf(shell);
  return () => process.ppid !== shell || parentOf(shell) !== npm;
}
