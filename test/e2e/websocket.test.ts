import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BINARY, CLOSE, closing, encode, PING, TEXT } from "../support/frames.ts";
import { type Stack, startStack } from "../support/stack.ts";
import { handshake, open, type Peer, type SocketPod, startSocketPod } from "../support/web-socket.ts";

/** Modules run as they are by the Node of the tests. */
const POD = `
  import { startSocketPod } from ${JSON.stringify(new URL("../support/web-socket.ts", import.meta.url).href)};
  const pod = await startSocketPod("mortal");
  console.log(pod.url);
`;

async function startMortal(): Promise<{ url: string; kill(): void }> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", POD], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { url: line.toString().trim(), kill: () => child.kill("SIGKILL") };
}

describe("WebSockets through the edge", () => {
  let pods: SocketPod[];
  let mortal: Awaited<ReturnType<typeof startMortal>>;
  let stack: Stack;
  beforeAll(async () => {
    const accept = () => ["Sec-WebSocket-Protocol: chat"];
    pods = await Promise.all(["web-0", "web-1"].map((id) => startSocketPod(id, { accept })));
    mortal = await startMortal();
    const listed = pods.map(({ id, url }) => ({ id, url }));
    const webSocket = { onDrain: "close" };
    stack = await startStack({
      config: {
        version: 1,
        pools: {
          web: { pods: listed },
          pumped: { pods: listed, webSocket },
          mortal: { pods: [{ id: "mortal", url: mortal.url }] },
          "mortal-pumped": { pods: [{ id: "mortal", url: mortal.url }], webSocket },
        },
        routes: [
          { pool: "web" },
          { path: "/pumped", pool: "pumped" },
          { path: "/mortal", pool: "mortal" },
          { path: "/mortal/pumped", pool: "mortal-pumped" },
        ],
      },
    });
  });
  afterAll(async () => {
    await stack?.stop();
    mortal?.kill();
    for (const pod of pods) pod.stop();
  });

  /** The pod that shook hands last. */
  const newest = () => {
    const at = (pod: SocketPod) => pod.requests.length;
    return (before: number[]) => pods.find((pod, i) => at(pod) > before[i]!)!;
  };
  const counts = () => pods.map(({ requests }) => requests.length);

  const modes = [
    { mode: "untouched", path: "/untouched" },
    { mode: "pumped", path: "/pumped" },
  ] as const;

  describe.each(modes)("$mode", ({ path }) => {
    /** A client's end and the pod's of one new socket. */
    async function pair(options: Parameters<typeof open>[1] = {}): Promise<{ client: Peer; pod: Peer }> {
      const before = counts();
      const { peer } = await open(stack.url, {
        path,
        lines: handshake(["Sec-WebSocket-Protocol: chat"]),
        ...options,
      });
      return { client: peer, pod: newest()(before).peers.at(-1)! };
    }

    it("are bound at the upgrade: the 101 carries the cookie, and the next one with it reaches the same pod", async () => {
      for (let i = 0; i < 6; i++) {
        const before = counts();
        const first = await open(stack.url, { path });
        expect(first.status).toBe(101);
        const pod = newest()(before);
        const middle = counts();
        const again = await open(stack.url, { path, cookie: `${first.cookie}; mine=1` });
        expect(again.headers.has("set-cookie")).toBe(false);
        expect(newest()(middle)).toBe(pod);
        expect(pod.requests.at(-1)!.headers.cookie).toBe("mine=1");
        first.peer.socket.destroy();
        again.peer.socket.destroy();
      }
    });

    it("work with a client that is no test's, by text and bytes, with a subprotocol, an Origin and a code", async () => {
      const before = counts();
      const socket = new WebSocket(stack.url.replace("http", "ws") + path, ["chat", "other"]);
      socket.binaryType = "arraybuffer";
      const heard: unknown[] = [];
      const both = new Promise<void>((resolve) => {
        socket.onmessage = ({ data }) => {
          if (heard.push(data) === 2) resolve();
        };
      });
      await once(socket, "open");
      expect(socket.protocol).toBe("chat");
      socket.send("grüße");
      socket.send(new Uint8Array([1, 2, 255]));
      await both;
      expect(heard).toEqual(["grüße", new Uint8Array([1, 2, 255]).buffer]);
      const pod = newest()(before);
      const { headers } = pod.requests.at(-1)!;
      expect(headers["sec-websocket-protocol"]).toBe("chat, other");
      socket.close(4001, "enough");
      const [{ code, reason, wasClean }] = (await once(socket, "close")) as [CloseEvent];
      expect({ code, reason, wasClean }).toEqual({ code: 4001, reason: "enough", wasClean: true });
      expect(await pod.peers.at(-1)!.ended).toEqual({ code: 4001, reason: "enough" });
    });

    it("let Origin and the offer of extensions pass", async () => {
      const before = counts();
      const lines = handshake([
        "Origin: https://shop.test",
        "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",
      ]);
      const { peer } = await open(stack.url, { path, lines });
      const { headers } = newest()(before).requests.at(-1)!;
      expect(headers.origin).toBe("https://shop.test");
      expect(headers["sec-websocket-extensions"]).toMatch(/^permessage-deflate/);
      peer.socket.destroy();
    });

    it("carry 10,000 small messages each way at once, in order and none lost", async () => {
      const { client, pod } = await pair();
      pod.onmessage = () => undefined;
      const count = 10_000;
      for (let i = 0; i < count; i++) {
        client.send(`c${i}`);
        pod.send(`p${i}`);
      }
      const numbers = (letter: string) => Array.from({ length: count }, (_, i) => `${letter}${i}`);
      expect(await pod.messages(count)).toEqual(numbers("c"));
      expect(await client.messages(count)).toEqual(numbers("p"));
      client.socket.destroy();
    });

    it("carry messages of 30 MiB, whole", async () => {
      const { client, pod } = await pair();
      const large = Buffer.alloc(30 * 1024 * 1024, "0123456789");
      client.send(large);
      const [back] = await client.messages(1);
      expect(back?.length).toBe(large.length);
      expect(pod.frames[0]!.payload.equals(large)).toBe(true);
      client.socket.destroy();
    });

    it("hand a closing of the pod on with its code and reason, and its answer back", async () => {
      const { client, pod } = await pair();
      pod.send("last");
      pod.close(4002, "moved on");
      expect(await client.ended).toEqual({ code: 4002, reason: "moved on" });
      expect(await client.messages(1)).toEqual(["last"]);
      expect(await pod.ended).toEqual({ code: 4002, reason: "moved on" });
    });

    it("hand a closing without a code on without one", async () => {
      const { client, pod } = await pair();
      client.close();
      expect(await pod.ended).toEqual({ code: 1005, reason: "" });
      expect(await client.ended).toEqual({ code: 1005, reason: "" });
    });

    it("end abnormally for the client when the pod's connection breaks, after all that it sent", async () => {
      const { client, pod } = await pair();
      pod.socket.write(Buffer.concat(Array.from({ length: 100 }, () => Buffer.from([0x81, 1, 0x61]))), () =>
        pod.socket.destroy(),
      );
      expect(await client.ended).toEqual({ code: 1006, reason: "" });
      expect(await client.messages(100)).toHaveLength(100);
    });

    it("end abnormally for the pod when the client's connection breaks", async () => {
      const { client, pod } = await pair();
      client.socket.resetAndDestroy();
      expect(await pod.ended).toEqual({ code: 1006, reason: "" });
    });

    it("answer pings on both sides", async () => {
      const { client, pod } = await pair();
      client.write(PING, Buffer.from("are you there"));
      pod.write(PING, Buffer.from("and you"));
      expect(await client.pong()).toBe("are you there");
      expect(await pod.pong()).toBe("and you");
      client.socket.destroy();
    });

    it("deliver what was sent right behind the head, once and first, and to that pod alone (CVE-2026-2833)", async () => {
      const behind = Buffer.concat([
        Buffer.from([0x81, 0x85, 0, 0, 0, 0]),
        Buffer.from("early"),
        Buffer.from([0x82, 0x81, 0, 0, 0, 0, 7]),
      ]);
      const before = counts();
      const { client, pod } = await pair({ behind });
      client.send("late");
      expect(await pod.messages(3)).toEqual(["early", "\u0007", "late"]);
      expect(pod.frames.map(({ opcode }) => opcode)).toEqual([TEXT, BINARY, TEXT]);
      expect(counts().reduce((sum, count) => sum + count, 0)).toBe(before.reduce((sum, n) => sum + n, 0) + 1);
      client.socket.destroy();
    });
  });

  it("carry what is longer than 32 MiB, codes that nobody may send and pings themselves, where they pass untouched", async () => {
    const before = counts();
    const { peer } = await open(stack.url, { path: "/untouched" });
    const pod = newest()(before).peers.at(-1)!;
    peer.send(Buffer.alloc(33 * 1024 * 1024));
    expect((await peer.messages(1))[0]).toHaveLength(33 * 1024 * 1024);
    peer.write(PING, Buffer.from("p"));
    await peer.pong();
    expect(pod.frames.map(({ opcode }) => opcode)).toEqual([BINARY, PING]);
    pod.write(CLOSE, closing(5000));
    expect((await peer.ended).code).toBe(5000);
  });

  it("make of a code that nobody may send a protocol error, where they are pumped", async () => {
    for (const code of [1015, 999, 5000]) {
      const before = counts();
      const { peer } = await open(stack.url, { path: "/pumped" });
      newest()(before).peers.at(-1)!.write(8, closing(code));
      expect((await peer.ended).code).toBe(1002);
    }
  });

  it("say 1009 to who sends more than 32 MiB at once, and to the other side, where they are pumped", async () => {
    const before = counts();
    const { peer } = await open(stack.url, { path: "/pumped" });
    const pod = newest()(before).peers.at(-1)!;
    // Its head says how long it is; what the edge did not read would be answered by a reset.
    peer.socket.write(encode(BINARY, Buffer.alloc(33 * 1024 * 1024), true).subarray(0, 14));
    expect((await peer.ended).code).toBe(1009);
    expect((await pod.ended).code).toBe(1009);
    expect(pod.frames.filter(({ opcode }) => opcode === BINARY)).toEqual([]);
  });

  it("end abnormally at once when their pod is killed, pumped or not", async () => {
    const clients = await Promise.all(
      ["/mortal", "/mortal/pumped"].map((path) => open(stack.url, { path }).then(({ peer }) => peer)),
    );
    for (const client of clients) client.send("alive");
    for (const client of clients) expect(await client.messages(1)).toEqual(["alive"]);
    mortal.kill();
    for (const client of clients) expect(await client.ended).toEqual({ code: 1006, reason: "" });
  });
});
