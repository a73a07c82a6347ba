import { spawn } from "node:child_process";

/**
 * Kills processes of ours when this one ends without a word (a SIGKILL, a crash): the watcher's input closes with its
 * owner, whatever ended it. The answer calls the watcher off. Where there is no /bin/sh, nothing is watched.
 */
export function watch(pids: readonly number[]): () => void {
  if (process.platform === "win32" || pids.length === 0) return () => undefined;
  const script = 'cat >/dev/null; kill -9 "$@" 2>/dev/null';
  const watcher = spawn("/bin/sh", ["-c", script, "sh", ...pids.map(String)], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true, // a Ctrl-C must not end it before its owner
  });
  watcher.unref();
  const { stdin } = watcher;
  // Closing the pipe when the watcher is called off is what it is for.
  stdin.on("error", () => undefined);
  if ("unref" in stdin && typeof stdin.unref === "function") stdin.unref();
  return () => void watcher.kill("SIGKILL");
}
