import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants } from "node:fs";
import type { AddressInfo } from "node:net";
import { connect, createServer } from "node:net";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export interface RedisProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it, and waits until it is gone. */
  stop(): Promise<void>;
  /** Ends it at once, as a crash would. */
  kill(): void;
}

/** The redis-server on PATH, if there is one. */
export function findRedisServer(): string | undefined {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, "redis-server");
    if (folder !== "" && executable(file)) return file;
  }
  return undefined;
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    // Not there, or not to be run: PATH holds many such.
    return false;
  }
}

/** Milliseconds: until it must answer, and until a stop becomes a kill. */
const TIMES = { start: 10_000, stop: 3000 };

/**
 * Starts a redis-server on 127.0.0.1, on a free port unless one is given. Nothing is kept on disk unless `dir` is given.
 * It ends with this process, however that ends. Rejects with what it printed when it does not come up.
 */
export async function startRedis(options: { dir?: string; port?: number } = {}): Promise<RedisProcess> {
  const program = findRedisServer();
  if (program === undefined) throw new Error("there is no redis-server on PATH");
  const port = options.port ?? (await freePort());
  const disk =
    options.dir === undefined ? ["--appendonly", "no"] : ["--appendonly", "yes", "--dir", options.dir];
  const args = ["--bind", "127.0.0.1", "--port", String(port), "--save", "", "--daemonize", "no", ...disk];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let printed = "";
  const keepTail = (chunk: Buffer) => {
    printed = (printed + chunk.toString()).slice(-2000);
  };
  child.stdout.on("data", keepTail);
  child.stderr.on("data", keepTail);
  const gone = new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.once("error", (error) => {
      printed += error.message;
      resolve();
    });
  });
  const atExit = () => child.kill("SIGKILL");
  process.once("exit", atExit);
  const watcher = child.pid === undefined ? undefined : watch(child.pid);
  void gone.then(() => {
    process.off("exit", atExit);
    watcher?.kill("SIGKILL");
  });
  const kill = () => void child.kill("SIGKILL");
  try {
    await answering(port, child);
  } catch (error) {
    kill();
    await gone;
    throw new Error(`redis-server did not start on port ${port}: ${String(error)}\n${printed.trim()}`);
  }
  // Its output must not keep this process alive; the child itself may.
  return { url: `redis://127.0.0.1:${port}`, port, pid: child.pid!, stop: () => stop(child, gone), kill };
}

async function stop(child: ChildProcess, gone: Promise<void>): Promise<void> {
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), TIMES.stop);
  await gone;
  clearTimeout(timer);
}

/** Kills the process when this one ends without a word: the watcher's input closes with its owner, whatever ended it. */
function watch(pid: number): ChildProcess {
  const script = `cat >/dev/null; kill -9 ${pid} 2>/dev/null`;
  const watcher = spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "ignore", "ignore"], detached: true });
  watcher.unref();
  // Closing the pipe at a kill of the watcher is what it is for.
  watcher.stdin?.on("error", () => undefined);
  return watcher;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + TIMES.start;
  for (;;) {
    if (child.exitCode !== null || child.pid === undefined) throw new Error("it ended at once");
    // By its process id: on a port in use it is another's that answers, while the child is still about to end.
    if ((await info(port)).includes(`\r\nprocess_id:${child.pid}\r\n`)) return;
    if (Date.now() > deadline) throw new Error("it does not answer");
    await sleep(20);
  }
}

/** The beginning of the answer to INFO, or why there is none. */
async function info(port: number): Promise<string> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    return await new Promise<string>((resolve) => {
      socket.setTimeout(500, () => resolve("no answer in time"));
      socket.once("error", (error) => resolve(error.message));
      socket.once("connect", () => socket.write("INFO server\r\n"));
      socket.once("data", (data) => resolve(data.toString()));
    });
  } finally {
    socket.destroy();
  }
}
