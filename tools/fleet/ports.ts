import { readFileSync } from "node:fs";
import { createServer } from "node:net";

/** Below it there is what a machine's services use. */
const LOWEST = 10_240;
const RANGE = "/proc/sys/net/ipv4/ip_local_port_range";

/** The first port that the system hands out by itself: for outgoing connections and for port 0. */
function firstEphemeral(): number {
  try {
    const first = Number(readFileSync(RANGE, "utf8").split(/\s+/)[0]);
    return first > LOWEST + 1000 ? first : 65_536;
  } catch {
    // Not Linux: IANA's range begins higher than Linux's, so this is below both.
    return 32_768;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/**
 * A TCP port on 127.0.0.1 that was free a moment ago, and that the system gives to nobody by itself: a process that is
 * killed and started again finds its port free, however many connections were made meanwhile.
 */
export async function restartablePort(): Promise<number> {
  const below = firstEphemeral();
  for (let tries = 0; tries < 1000; tries++) {
    const port = LOWEST + Math.floor(Math.random() * (below - LOWEST));
    if (await isFree(port)) return port;
  }
  throw new Error(`no port from ${LOWEST} to ${below - 1} is free`);
}

/**
 * Starts something on such a port, and on another when somebody took that one in between. `start` rejects with a message
 * that says so: "in use".
 */
export async function onFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start(await restartablePort());
    } catch (error) {
      if (tries === 5 || !/in use/i.test(String(error))) throw error;
    }
  }
}
