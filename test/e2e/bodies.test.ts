import { randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import type { AddressInfo } from "node:net";
import { connect, createServer, type Server } from "node:net";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { type Stack, startStack } from "../support/stack.ts";

const LARGE = gzipSync(randomBytes(300_000).toString("base64"));

describe("bodies of every kind", () => {
  let pod: TestPod;
  let odd: Server;
  let stack: Stack;

  beforeAll(async () => {
    pod = await startPod("web-0", (request, response) => {
      if (request.url === "/noread") return;
      if (request.url === "/die") {
        request.once("data", () => setTimeout(() => request.socket.resetAndDestroy(), 30));
        return;
      }
      if (request.url === "/switch") {
        response.writeHead(101, { connection: "Upgrade", upgrade: "websocket" }).end();
        return;
      }
      if (request.url === "/large") {
        response.setHeader("content-encoding", "gzip").setHeader("content-length", LARGE.length).end(LARGE);
        return;
      }
      let size = 0;
      request.on("data", (chunk: Buffer) => {
        size += chunk.length;
      });
      request.on("end", () => response.end(`${size}`));
    });
    odd = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      socket.once("data", () => socket.end("HTTP/1.1 799 Odd\r\nContent-Length: 2\r\n\r\nok"));
    });
    await new Promise<void>((resolve) => odd.listen(0, "127.0.0.1", resolve));
    const oddUrl = `http://127.0.0.1:${(odd.address() as AddressInfo).port}`;
    stack = await startStack({
      config: {
        version: 1,
        pools: {
          web: { pods: [{ id: "web-0", url: pod.url }], timeouts: { headers: "1s" } },
          busy: { policy: "least-request", pods: [{ id: "busy-0", url: pod.url }] },
          odd: { pods: [{ id: "odd-0", url: oddUrl }] },
        },
        routes: [{ pool: "web" }, { path: "/large", pool: "busy" }, { path: "/odd", pool: "odd" }],
      },
    });
  });
  afterAll(async () => {
    await stack?.stop();
    odd.close();
    await pod.kill();
  });

  /** Writes pieces of a request, numbers being pauses in milliseconds; the answer as text. */
  function raw(pieces: readonly (string | number)[], end = false): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(Number(new URL(stack.url).port), "127.0.0.1");
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
        if (/\r\n\r\n[\s\S]/.test(text)) socket.destroy();
      });
      socket.on("error", () => socket.destroy());
      socket.on("close", () => resolve(text));
      const write = async () => {
        for (const piece of pieces) {
          if (typeof piece === "number") await new Promise((done) => setTimeout(done, piece));
          else socket.write(piece);
        }
        if (end) socket.end();
      };
      void write();
    });
  }
  const head = (method: string, more: string) =>
    `${method} / HTTP/1.1\r\nHost: ${new URL(stack.url).host}\r\n${more}\r\n\r\n`;

  it("forwards a GET whatever it says of a body: an empty one was taken for a dead pod", async () => {
    expect(await raw([head("GET", "Content-Length: 0")])).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\n\r\n0/);
    expect(await raw([head("GET", "Transfer-Encoding: chunked"), "0\r\n\r\n"])).toMatch(/^HTTP\/1.1 200 /);
    expect(await raw([head("GET", "Content-Length: 5"), "hello"])).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\n\r\n5/);
    expect(await raw([head("POST", "Content-Length: 0")])).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\n\r\n0/);
  });

  it("answers 400 to a body that breaks on the client's side, and holds nothing against the pod", async () => {
    const before = pod.arrivals.length;
    expect(await raw([head("POST", "Transfer-Encoding: chunked"), "5\r\nhello\r\n", 50, "ZZ\r\n"])).toMatch(
      /^HTTP\/1.1 400 /,
    );
    await raw([head("POST", "Content-Length: 50"), "hello"], true);
    expect(pod.arrivals.slice(before).filter((line) => line.startsWith("GET"))).toEqual([]);
    // A pod in doubt would be asked by a GET first.
    expect((await call(stack.url, { method: "POST", body: "x" })).status).toBe(200);
    expect(pod.arrivals.slice(before).filter((line) => line.startsWith("GET"))).toEqual([]);
  });

  it("gives a slow upload its time: the pod's begins when it has all of it", async () => {
    const slow = [head("POST", "Content-Length: 10"), "hello", 800, "he", 800, "llo"];
    expect(await raw(slow)).toMatch(/^HTTP\/1.1 200 [\s\S]*\r\n\r\n10/);
  });

  it("ends an upload that stops moving, and says at which end it stopped", async () => {
    const unread = await call(`${stack.url}/noread`, { method: "POST", body: "x".repeat(20_000_000) });
    expect(unread.status).toBe(504);
    expect(await raw([head("POST", "Content-Length: 10"), "hello"])).toMatch(/^HTTP\/1.1 408 /);
  });

  it("blames the pod that dies in mid-upload, not the client", async () => {
    for (let i = 0; i < 5; i++) {
      const died = await call(`${stack.url}/die`, { method: "POST", body: "x".repeat(5_000_000) });
      expect(died.status).toBe(502);
    }
    expect((await call(stack.url, { method: "POST", body: "x".repeat(3_000_000) })).body).toBe("3000000");
  });

  it("answers 502 to a 101 that nobody asked for", async () => {
    const jar = new Jar();
    expect((await jar.get(`${stack.url}/switch`)).status).toBe(502);
    await jar.get(stack.url);
    expect((await jar.get(`${stack.url}/switch`)).status).toBe(502);
  });

  it("keeps a compressed body whole where leases are held to its end", async () => {
    const body = await new Promise<Buffer>((resolve, reject) => {
      const request = httpRequest(
        `${stack.url}/large`,
        { headers: { "accept-encoding": "gzip" } },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("end", () => resolve(Buffer.concat(chunks)));
          response.on("error", reject);
        },
      );
      request.on("error", reject);
      request.end();
    });
    expect(body.equals(LARGE)).toBe(true);
  });

  it("answers 502 to a status that no client may be given, with or without a cookie to set", async () => {
    const jar = new Jar();
    for (let i = 0; i < 2; i++) {
      const answer = await jar.get(`${stack.url}/odd`);
      expect(answer.status).toBe(502);
      expect(answer.headers["content-type"]).toContain("application/problem+json");
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
  });

  it("refuses a path that would lead the pod elsewhere than the route", async () => {
    for (const path of ["/../x", "/%2e%2e/x", "/a/..%2f..", "/x/%2E%2E/"]) {
      const answer = await raw([`GET ${path} HTTP/1.1\r\nHost: ${new URL(stack.url).host}\r\n\r\n`]);
      // What the runtime resolved itself stays below the route; what is left of it is refused.
      expect(answer, path).toMatch(/^HTTP\/1.1 (400|200) /);
    }
    expect(pod.arrivals.filter((line) => line.includes("..") && !line.includes("%2f"))).toEqual([]);
  });
});
