import { createHash } from "node:crypto";
import { createServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Stack, startStack } from "../support/stack.ts";

/** A pod that shakes hands, says its id in a text frame, and sends every small frame back. */
function socketPod(id: string): Promise<{ url: string; server: Server; handshakes: string[] }> {
  const server = createServer((_, response) => response.end(id));
  const handshakes: string[] = [];
  server.on("upgrade", (request, socket: Socket) => {
    handshakes.push(String(request.headers.cookie));
    const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    const accept = createHash("sha1")
      .update(`${request.headers["sec-websocket-key"]}${guid}`)
      .digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.write(frame(id));
    socket.on("data", (chunk: Buffer) => {
      if ((chunk[0]! & 15) !== 1) return;
      const length = chunk[1]! & 127;
      const mask = chunk.subarray(2, 6);
      const text = Buffer.from(chunk.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]!));
      socket.write(frame(`echo ${text}`));
    });
    socket.on("error", () => socket.destroy());
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      resolve({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server, handshakes });
    });
  });
}

const frame = (text: string) =>
  Buffer.concat([Buffer.from([0x81, Buffer.byteLength(text)]), Buffer.from(text)]);

/** The headers of the 101. */
function handshake(url: string, cookie?: string): Promise<{ status: number; cookies: string[] }> {
  return new Promise((resolve, reject) => {
    const key = Buffer.alloc(16).toString("base64");
    const headers = {
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-version": "13",
      "sec-websocket-key": key,
      ...(cookie === undefined ? {} : { cookie }),
    };
    const request = httpRequest(url, { headers });
    request.on("upgrade", (response, socket) => {
      socket.destroy();
      resolve({ status: response.statusCode ?? 0, cookies: response.headers["set-cookie"] ?? [] });
    });
    request.on("error", reject);
    request.end();
  });
}

/** Which pod shook hands between two counts. */
const newest = (after: number[], before: number[]) => after.findIndex((count, at) => count > before[at]!);

describe("WebSocket through the edge", () => {
  let pods: Awaited<ReturnType<typeof socketPod>>[];
  let stack: Stack;
  beforeAll(async () => {
    pods = await Promise.all(["web-0", "web-1"].map(socketPod));
    const listed = pods.map(({ url }, i) => ({ id: `web-${i}`, url }));
    stack = await startStack({
      config: { version: 1, pools: { web: { pods: listed } }, routes: [{ pool: "web" }] },
    });
  });
  afterAll(async () => {
    await stack?.stop();
    for (const { server } of pods) {
      server.closeAllConnections();
      server.close();
    }
  });

  it("is bound at the upgrade: the 101 carries the cookie, and the next one with it reaches the same pod", async () => {
    for (let i = 0; i < 6; i++) {
      const before = pods.map(({ handshakes }) => handshakes.length);
      const first = await handshake(stack.url);
      expect(first.status).toBe(101);
      expect(first.cookies).toHaveLength(1);
      const [pair = ""] = first.cookies[0]!.split(";");
      const counts = pods.map(({ handshakes }) => handshakes.length);
      const again = await handshake(stack.url, `${pair}; mine=1`);
      expect(again.cookies).toEqual([]);
      const grew = pods.findIndex(({ handshakes }, at) => handshakes.length > counts[at]!);
      expect(pods[grew]!.handshakes.slice(-1)).toEqual(["mine=1"]);
      expect(grew).toBe(newest(counts, before));
    }
  });

  it("passes frames both ways", async () => {
    const socket = new WebSocket(stack.url.replace("http", "ws"));
    const heard: string[] = [];
    await new Promise<void>((resolve, reject) => {
      socket.onerror = () => reject(new Error("the socket failed"));
      socket.onmessage = ({ data }) => {
        heard.push(String(data));
        if (heard.length === 1) socket.send("hello");
        else resolve();
      };
    });
    socket.close();
    expect(heard[0]).toMatch(/^web-[01]$/);
    expect(heard[1]).toBe("echo hello");
  });
});
