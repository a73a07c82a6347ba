import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../tools/build/bundle.ts";
import { startWorkerd, type Workerd } from "../tools/serve/workerd.ts";
import { cpu } from "./edge.ts";

/**
 * What a WebSocket costs the edge, by itself: `node tools/setup/run.mjs bench/sockets.ts`. CPU of workerd for an echo and
 * back, untouched and pumped, and its memory while a side does not read. No gate.
 */
const SOCKETS = 16;
const ROUNDS = 500;
const REPEATS = 5;
const SECRET = "a-secret-of-the-bench-of-more-than-32-bytes";
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** A whole frame of bytes; masked by zeros when a client sends it. */
function frame(length: number, masked: boolean): Buffer {
  const mask = masked ? 0x80 : 0;
  const head = length < 126 ? [0x82, mask | length] : [0x82, mask | 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(head), Buffer.alloc(masked ? 4 : 0), Buffer.alloc(length)]);
}

/** Echoes messages of one length, as only their number matters; below `/flood` sends without end and listens to none. */
const pod = createServer();
pod.on("upgrade", (request, socket: Socket) => {
  const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`).digest("base64");
  const lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write([...lines, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n"));
  socket.setNoDelay(true);
  socket.on("error", () => socket.destroy());
  const [, kind = "", size = "0"] = /\/(\w+)\/(\d+)$/.exec(request.url ?? "") ?? [];
  const length = Number(size);
  const message = frame(length, false);
  if (kind === "flood") {
    const more = () => {
      while (!socket.destroyed && socket.write(message));
    };
    socket.on("drain", more);
    more();
    return;
  }
  const whole = frame(length, true).length;
  let left = whole;
  socket.on("data", (chunk: Buffer) => {
    left -= chunk.length;
    for (; left <= 0; left += whole) socket.write(message);
  });
});

function dial(url: string, path: string): Promise<Socket> {
  const { port, host } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => {
      const lines = ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"];
      const key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
      socket.write([`GET ${path} HTTP/1.1`, `Host: ${host}`, ...lines, key, "", ""].join("\r\n"));
    });
    socket.setNoDelay(true);
    socket.on("error", reject);
    socket.once("data", () => resolve(socket));
  });
}

/** One message there and back, so many times. */
function echo(socket: Socket, length: number, times: number): Promise<void> {
  const message = frame(length, true);
  const whole = frame(length, false).length;
  return new Promise((resolve) => {
    let left = whole;
    let turn = 0;
    const take = (chunk: Buffer) => {
      left -= chunk.length;
      if (left > 0) return;
      left = whole;
      if (++turn < times) return void socket.write(message);
      socket.off("data", take);
      resolve();
    };
    socket.on("data", take);
    socket.write(message);
  });
}

/** µs of the edge's CPU for one message there and back. */
async function costOf(edge: Workerd, path: string, length: number): Promise<number> {
  const all = Array.from({ length: SOCKETS }, () => dial(edge.url, `${path}/echo/${length}`));
  const sockets = await Promise.all(all);
  const run = (times: number) => Promise.all(sockets.map((socket) => echo(socket, length, times)));
  await run(ROUNDS / 5);
  const before = cpu(edge.pid);
  await run(ROUNDS);
  const used = cpu(edge.pid) - before;
  for (const socket of sockets) socket.destroy();
  return used / SOCKETS / ROUNDS / 1000;
}

const rss = ({ pid }: Workerd) =>
  Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;

/** MiB of the edge before and at most while clients read nothing of what comes without end. */
async function memoryOf(edge: Workerd, path: string, sockets: number): Promise<readonly [number, number]> {
  const before = rss(edge);
  const silent = await Promise.all(
    Array.from({ length: sockets }, async () => (await dial(edge.url, `${path}/flood/65000`)).pause()),
  );
  let most = before;
  for (let i = 0; i < 40; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    most = Math.max(most, rss(edge));
  }
  for (const socket of silent) socket.destroy();
  return [before, most];
}

const dir = mkdtempSync(join(tmpdir(), "mooring-sockets-"));
const started: Workerd[] = [];
try {
  await new Promise<void>((resolve) => pod.listen(0, "127.0.0.1", resolve));
  const pods = [{ id: "web-0", url: `http://127.0.0.1:${(pod.address() as AddressInfo).port}` }];
  const config = {
    version: 1,
    pools: { web: { pods }, pumped: { pods, webSocket: { onDrain: "close" } } },
    routes: [{ pool: "web" }, { path: "/pumped", pool: "pumped" }],
  };
  const { dir: bundleDir } = await bundle({ outdir: dir, minify: true });
  const env = {
    MOORING_SECRET: SECRET,
    MOORING_SHARED_SECRET: SECRET,
    MOORING_CONFIG: JSON.stringify(config),
  };
  const quiet = { port: 0, log: () => undefined, bundleDir };
  const coordinator = await startWorkerd({ ...quiet, role: "coordinator", env });
  started.push(coordinator);
  const edge = await startWorkerd({
    ...quiet,
    role: "edge",
    env: { ...env, MOORING_COORDINATOR_URL: coordinator.url },
  });
  started.push(edge);
  for (const length of [16, 16_000]) {
    for (const path of ["/untouched", "/pumped"]) {
      const costs: number[] = [];
      for (let i = 0; i < REPEATS; i++) costs.push(await costOf(edge, path, length));
      const [low, middle, high] = [0, REPEATS >> 1, REPEATS - 1].map(
        (i) => costs.toSorted((a, b) => a - b)[i]!,
      );
      const range = `${low!.toFixed(0)}–${high!.toFixed(0)}`;
      console.log(`${path.slice(1)}, ${length} bytes there and back: ${middle!.toFixed(0)} µs (${range})`);
    }
  }
  for (const path of ["/untouched", "/pumped"]) {
    const [before, most] = await memoryOf(edge, path, 50);
    console.log(
      `${path.slice(1)}, fifty clients that do not read: ${before.toFixed(0)} → ${most.toFixed(0)} MiB at most`,
    );
  }
} finally {
  for (const worker of started.reverse()) await worker.stop();
  pod.close();
  pod.closeAllConnections();
  rmSync(dir, { recursive: true, force: true });
}
process.exit();
