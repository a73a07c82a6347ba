import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call } from "../support/client.ts";
import { encode, TEXT } from "../support/frames.ts";
import { raw } from "../support/raw.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { handshake, open, type SocketPod, startSocketPod } from "../support/web-socket.ts";

const KEY = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==";
const VERSION = "Sec-WebSocket-Version: 13";
const ASKS = ["Connection: Upgrade", "Upgrade: websocket"];

describe("an upgrade", () => {
  let pod: SocketPod;
  let stack: Stack;
  beforeAll(async () => {
    pod = await startSocketPod("web-0", {
      answer: (request, response) => {
        let size = 0;
        request.on("data", (chunk: Buffer) => {
          size += chunk.length;
        });
        request.on("end", () => response.end(`plain ${request.method} ${size}`));
      },
      accept: ({ url = "" }) => {
        if (url.endsWith("/refuse")) return Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
        if (url.endsWith("/forbid")) return Buffer.from("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n");
        if (url.endsWith("/other")) {
          return Buffer.from("HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n");
        }
        if (url.endsWith("/leaky")) {
          return [
            `Location: ${pod.url}/elsewhere`,
            `Set-Cookie: ${url.startsWith("/pumped") ? "pumped" : "sticky"}=of-the-pod; Path=/`,
            "Set-Cookie: cart=7; Domain=127.0.0.1",
            "Mooring-Decision: kept; pod=another",
            'Alt-Svc: h2="10.0.0.1:443"',
            'endpoint-load-metrics: JSON {"cpu_utilization": 0.3}',
            "Connection: X-Hop",
            "X-Hop: 10.0.0.1",
            "X-Mine: passes",
          ];
        }
        if (url.endsWith("/unproven")) {
          return Buffer.from("HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
        }
        return [];
      },
    });
    const pods = [{ id: "web-0", url: pod.url }];
    const affinity = (name: string) => [{ cookie: { name } }];
    stack = await startStack({
      config: {
        version: 1,
        pools: {
          web: { pods, affinity: affinity("sticky") },
          pumped: { pods, affinity: affinity("pumped"), webSocket: { onDrain: "close" } },
        },
        routes: [{ pool: "web" }, { path: "/pumped", pool: "pumped" }],
      },
    });
  });
  afterAll(async () => {
    await stack?.stop();
    pod?.stop();
  });

  /** What a pod got of a request of these lines, and what the client got. */
  async function send(lines: readonly string[], { method = "GET", version = "1.1", body = "" } = {}) {
    const before = pod.requests.length;
    const { host } = new URL(stack.url);
    const head = [`${method} / HTTP/${version}`, `Host: ${host}`, ...lines, "", ""].join("\r\n");
    const closing = `GET /last HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
    const answer = await raw(stack.url, head + body + closing);
    const got = pod.requests.slice(before).filter(({ url }) => url !== "/last");
    return { status: Number(answer.split(" ")[1]), answer, got };
  }

  /**
   * Of each of these the runtime would make a good handshake of its own, with a version and a key that it chose itself: the
   * pod would have a WebSocket of which the client knows nothing.
   */
  it.each([
    ["by POST", [...ASKS, VERSION, KEY, "Content-Length: 0"], { method: "POST" }],
    ["with a body", [...ASKS, VERSION, KEY, "Content-Length: 5"], { body: "hello" }],
    ["of another version", [...ASKS, "Sec-WebSocket-Version: 8", KEY], {}],
    ["without a version", [...ASKS, KEY], {}],
    ["without a key", [...ASKS, VERSION], {}],
    ["with a key that is none", [...ASKS, VERSION, "Sec-WebSocket-Key: x"], {}],
    ["that Connection does not name", ["Upgrade: websocket", VERSION, KEY], {}],
    ["to h2c", ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"], {}],
    ["to one of two protocols", ["Connection: Upgrade", "Upgrade: websocket, h2c", VERSION, KEY], {}],
  ])("%s reaches the pod as a request without it", async (_, lines, options) => {
    const { status, answer, got } = await send(lines, options);
    const { method = "GET", body = "" } = options as { method?: string; body?: string };
    expect(status).toBe(200);
    expect(answer).toContain(`plain ${method} ${body.length}`);
    expect(got.map((request) => request.method)).toEqual([method]);
    expect(got[0]!.headers.upgrade).toBeUndefined();
    expect(got[0]!.headers["http2-settings"]).toBeUndefined();
    expect(got[0]!.headers.connection ?? "").not.toMatch(/upgrade/i);
  });

  it("in HTTP/1.0 ends with its 101: no worker is told the version, and the runtime tunnels nothing", async () => {
    const before = pod.peers.length;
    const { status, peer } = await open(stack.url, {
      version: "1.0",
      behind: encode(TEXT, Buffer.from("x"), true),
    });
    expect(status).toBe(101);
    expect(await peer.ended).toEqual({ code: 1006, reason: "" });
    for (const other of pod.peers.slice(before)) {
      expect(await other.ended).toEqual({ code: 1006, reason: "" });
      expect(other.frames).toEqual([]);
    }
  });

  for (const path of ["", "/pumped"]) {
    const kind = path === "" ? "untouched" : "pumped";

    it(`that the pod answers with 200 is a plain response, and opens no tunnel (CVE-2024-23326), ${kind}`, async () => {
      const { host } = new URL(stack.url);
      const first = [`GET ${path}/refuse HTTP/1.1`, `Host: ${host}`, ...handshake(), "", ""].join("\r\n");
      const second = [
        `GET ${path}/next HTTP/1.1`,
        `Host: ${host}`,
        "Connection: close",
        "X-Forwarded-For: 6.6.6.6",
      ];
      const before = pod.requests.length;
      const answer = await raw(stack.url, `${first}${second.join("\r\n")}\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nnoHTTP\/1\.1 200 OK\r\n/);
      // What came behind it is a request of its own, and was treated as one.
      const [, next] = pod.requests.slice(before);
      expect(next!.url).toBe(`${path}/next`);
      expect(next!.headers["x-forwarded-for"]).not.toContain("6.6.6.6");
      expect(next!.headers["x-forwarded-host"]).toBe(host);
    });

    // The 101 of a session that was kept once passed as it came: the pod's address, its word in our name and all.
    it(`says to the client what any response may, of a new session and of one that was kept, ${kind}`, async () => {
      const { headers } = await call(`${stack.url}${path}/bind`);
      const kept = headers["set-cookie"]![0]!.split(";")[0];
      for (const cookie of [undefined, kept]) {
        const { status, headers, peer } = await open(stack.url, { path: `${path}/leaky`, cookie });
        peer.socket.destroy();
        expect(status).toBe(101);
        expect(headers.get("location")).toEqual([`${stack.url}/elsewhere`]);
        const [first, ...others] = headers.get("set-cookie")!;
        expect(first).toBe("cart=7");
        expect(others).toHaveLength(cookie === undefined ? 1 : 0);
        expect(others.join()).not.toContain("of-the-pod");
        expect(headers.get("x-mine")).toEqual(["passes"]);
        for (const name of ["mooring-decision", "alt-svc", "endpoint-load-metrics", "x-hop"]) {
          expect([name, headers.get(name)]).toEqual([name, undefined]);
        }
      }
    });

    it(`that the pod refuses is refused, ${kind}`, async () => {
      expect((await open(stack.url, { path: `${path}/forbid` })).status).toBe(403);
    });

    it(`to which the pod answers with another protocol, or proves nothing, is a 502, ${kind}`, async () => {
      expect((await open(stack.url, { path: `${path}/other` })).status).toBe(502);
      expect((await open(stack.url, { path: `${path}/unproven` })).status).toBe(502);
      // The edge and its connections are none the worse for it.
      expect((await call(`${stack.url}${path}/after`)).status).toBe(200);
    });
  }
});
