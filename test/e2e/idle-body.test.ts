import { randomBytes } from "node:crypto";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.ts";

const LARGE = gzipSync(randomBytes(300_000).toString("base64"));

let pod: Server;
let stack: Stack;
/** Paths of responses whose connection closed before they were whole. */
const cut: string[] = [];

beforeAll(async () => {
  pod = createServer((request, response) => {
    const path = request.url ?? "";
    response.on("close", () => {
      if (!response.writableFinished) cut.push(path);
    });
    const [, , framing = "", what] = path.split("/");
    if (framing === "length") response.setHeader("content-length", 100);
    if (framing === "gzip") {
      response.setHeader("content-encoding", "gzip").setHeader("content-length", LARGE.length).end(LARGE);
      return;
    }
    response.write("hello");
    if (what !== "drips") return;
    let drops = 0;
    const timer = setInterval(() => {
      response.write("12345");
      if (++drops < 19) return;
      clearInterval(timer);
      response.end();
    }, 150);
  });
  await new Promise<void>((resolve) => pod.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(pod.address() as AddressInfo).port}`;
  const pods = [{ id: "a", url }];
  stack = await startStack({
    config: {
      version: 1,
      pools: {
        idle: { pods, timeouts: { idleBody: "1s" } },
        busy: { pods, policy: "least-request" },
      },
      routes: [
        { path: "/idle", pool: "idle" },
        { path: "/busy", pool: "busy" },
      ],
    },
  });
});
afterAll(async () => {
  await stack?.stop();
  pod.closeAllConnections();
  pod.close();
});

/** All that comes of a request over a socket of its own, until the edge closes it, or it has ended by its framing. */
function get(path: string): Promise<{ head: string; body: Buffer; closed: boolean }> {
  const { hostname, port, host } = new URL(stack.url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let all = Buffer.alloc(0);
    const done = (closed: boolean) => {
      const at = all.indexOf("\r\n\r\n");
      resolve({ head: all.subarray(0, at).toString("latin1"), body: all.subarray(at + 4), closed });
      socket.destroy();
    };
    socket.on("data", (piece) => {
      all = Buffer.concat([all, piece]);
      const at = all.indexOf("\r\n\r\n");
      const length = /content-length: (\d+)/i.exec(all.subarray(0, at).toString("latin1"))?.[1];
      if (
        length === undefined
          ? all.subarray(-5).equals(Buffer.from("0\r\n\r\n"))
          : all.length - at - 4 >= Number(length)
      )
        done(false);
    });
    socket.on("error", () => done(true));
    socket.on("end", () => done(true));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAccept-Encoding: gzip\r\n\r\n`);
  });
}

it.each(["length", "chunked"])(
  "a body that stands still is cut, and the client sees it: %s; however many wait, one of them sweeps for all",
  async (framing) => {
    cut.length = 0;
    const all = await Promise.all(
      Array.from({ length: 8 }, async (_, i) => {
        await sleep(100 * i);
        return get(`/idle/${framing}`);
      }),
    );
    for (const { head, body, closed } of all) {
      expect(head).toMatch(/^HTTP\/1.1 200 /);
      expect(body.toString()).toContain("hello");
      expect(closed).toBe(true);
    }
    // The pod is not left with connections that nobody listens at.
    await expect.poll(() => cut.length, { timeout: 5000 }).toBe(8);
  },
);

it.each(["length", "chunked"])("a body that comes by drops has its time: %s", async (framing) => {
  const { body, closed } = await get(`/idle/${framing}/drips`);
  expect(closed).toBe(false);
  expect(
    body
      .toString()
      .replaceAll(/\r\n\d\r\n|^\d\r\n|\r\n/g, "")
      .startsWith(`hello${"12345".repeat(19)}`),
  ).toBe(true);
});

it("a client that goes away is not waited for", async () => {
  cut.length = 0;
  const { hostname, port, host } = new URL(stack.url);
  const socket = connect(Number(port), hostname);
  socket.write(`GET /idle/length/drips HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
  await sleep(400);
  socket.resetAndDestroy();
  await expect.poll(() => cut.length, { timeout: 5000 }).toBe(1);
});

// Unpacked on its way, it had been shorter than it said, so its lease used to end with its headers.
it.each(["idle", "busy"])(
  "a compressed body passes as it is where it is watched or counted: %s",
  async (pool) => {
    const { head, body, closed } = await get(`/${pool}/gzip`);
    expect(head.toLowerCase()).toContain("content-encoding: gzip");
    expect(closed).toBe(false);
    expect(body.equals(LARGE)).toBe(true);
  },
);
