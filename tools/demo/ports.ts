import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";

function listen(port = 0): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}

/** Whether all of these can be listened on now. */
async function areFree(ports: readonly number[]): Promise<boolean> {
  const held = await Promise.allSettled(ports.map((port) => listen(port)));
  for (const one of held) if (one.status === "fulfilled") await new Promise((done) => one.value.close(done));
  return held.every(({ status }) => status === "fulfilled");
}

/**
 * The ports that `file` remembers, when there are `count` and they are free, else new ones, which it then remembers: a config
 * that was stored with them goes on to fit.
 */
export async function rememberedPorts(count: number, file: string): Promise<number[]> {
  if (existsSync(file)) {
    const known: unknown = JSON.parse(readFileSync(file, "utf8"));
    const whole = Array.isArray(known) && known.length === count && known.every(Number.isInteger);
    if (whole && (await areFree(known))) return known;
  }
  const ports = await freePorts(count);
  writeFileSync(file, JSON.stringify(ports));
  return ports;
}

/** `count` different TCP ports on 127.0.0.1 that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  // All are held at once, then let go together: one by one, the system could hand out the same port twice.
  const servers = await Promise.all(Array.from({ length: count }, () => listen()));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
