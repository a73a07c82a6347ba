import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startTcpProxy, type TcpProxy } from "../../../tools/chaos/tcp/proxy.ts";

/** What became of a connection: what it read, and whether it ended in order. */
interface Heard {
  readonly socket: Socket;
  text: string;
  readonly ended: Promise<string>;
}

describe("the TCP proxy", () => {
  let server: Server;
  let proxy: TcpProxy;
  /** What reached the server, over all connections. */
  let arrived = "";
  let connections = 0;

  beforeAll(async () => {
    // Says everything back in capitals, and closes when its client does.
    server = createServer({ allowHalfOpen: true }, (socket) => {
      connections++;
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        arrived += chunk;
        socket.write(chunk.toString().toUpperCase());
      });
      socket.on("end", () => socket.end());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    proxy = await startTcpProxy((server.address() as { port: number }).port);
  });
  afterEach(async () => {
    await proxy.clear();
    arrived = "";
    connections = 0;
  });
  afterAll(async () => {
    await proxy?.stop();
    server?.close();
  });

  async function dial(): Promise<Heard> {
    const socket = connect(proxy.port, "127.0.0.1");
    const ended = new Promise<string>((resolve) => {
      socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.once("end", () => resolve("closed"));
    });
    const heard: Heard = { socket, text: "", ended };
    socket.on("data", (chunk) => {
      heard.text += chunk;
    });
    await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), ended]);
    return heard;
  }
  async function hears(heard: Heard, text: string): Promise<void> {
    while (heard.text.length < text.length) await once(heard.socket, "data");
    expect(heard.text).toBe(text);
  }
  /** Long enough for what would have come over the loopback by then. */
  const quiet = () => new Promise((resolve) => setTimeout(resolve, 60));

  it("passes bytes and closings in both ways, a megabyte too", async () => {
    const one = await dial();
    const text = "abc".repeat(400_000);
    one.socket.end(text);
    expect(await one.ended).toBe("closed");
    expect(one.text).toBe(text.toUpperCase());
    const rude = await dial();
    rude.socket.write("x");
    await hears(rude, "X");
    rude.socket.resetAndDestroy();
    while (proxy.open > 0) await quiet();
    expect(connections).toBe(2);
  });

  it("latency keeps the order, whatever the jitter", async () => {
    await proxy.inject("latency", { ms: 5, jitter: 20 });
    const one = await dial();
    const started = performance.now();
    for (const letter of "abcdefgh") {
      one.socket.write(letter);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await hears(one, "ABCDEFGH");
    expect(performance.now() - started).toBeGreaterThanOrEqual(10);
    one.socket.destroy();
  });

  it("bandwidth: no more bytes in a second than it is told, in order, and none are lost", async () => {
    const fault = await proxy.inject("bandwidth", { rate: 400_000, ways: ["down"] });
    const one = await dial();
    const started = performance.now();
    const text = "abcd".repeat(10_000);
    one.socket.write(text);
    await hears(one, text.toUpperCase());
    // Never earlier than the bytes allow; how much later is the machine's affair. Timers may be a millisecond early.
    expect(performance.now() - started).toBeGreaterThanOrEqual(98);
    await fault.lift();
    one.socket.destroy();
  });

  it("reset: at once, before anything arrives, or when the answer comes", async () => {
    const before = await dial();
    before.socket.write("a");
    await hears(before, "A");
    await proxy.inject("reset");
    expect(await before.ended).toBe("ECONNRESET");
    expect(await (await dial()).ended).toBe("ECONNRESET");
    await proxy.clear();
    arrived = "";

    await proxy.inject("reset", { when: "up" });
    const up = await dial();
    up.socket.write("b");
    expect(await up.ended).toBe("ECONNRESET");
    expect(arrived).toBe("");
    await proxy.clear();

    await proxy.inject("reset", { when: "down" });
    const down = await dial();
    down.socket.write("c");
    expect(await down.ended).toBe("ECONNRESET");
    expect([arrived, down.text]).toEqual(["c", ""]);
  });

  it("half-open: accepts and says nothing, until it is lifted; what was open is left alone", async () => {
    const before = await dial();
    const fault = await proxy.inject("half-open");
    const during = await dial();
    during.socket.write("lost");
    before.socket.write("b");
    await hears(before, "B");
    await quiet();
    expect(during.text).toBe("");
    await fault.lift();
    expect(await during.ended).toBe("ECONNRESET");
    expect(arrived).toBe("b");
    before.socket.destroy();
  });

  it("truncate: ends after so many bytes, in order or not", async () => {
    await proxy.inject("truncate", { bytes: 3 });
    const one = await dial();
    one.socket.write("abcdef");
    expect(await one.ended).toBe("closed");
    expect(one.text).toBe("ABC");
    await proxy.clear();
    await proxy.inject("truncate", { bytes: 3, how: "reset", way: "up" });
    const two = await dial();
    two.socket.write("abcdef");
    expect(await two.ended).toBe("ECONNRESET");
    // Of bytes before a reset the system may drop some, too.
    expect("abcdefabc".startsWith(arrived)).toBe(true);
  });

  it("refuse: as if nobody listened, and then again as before", async () => {
    const before = await dial();
    const fault = await proxy.inject("refuse");
    expect(await before.ended).toBe("ECONNRESET");
    expect(await (await dial()).ended).toBe("ECONNREFUSED");
    await fault.lift();
    const after = await dial();
    after.socket.write("a");
    await hears(after, "A");
    after.socket.destroy();
  });

  it("partition: holds everything, and lets it arrive when it is over", async () => {
    const before = await dial();
    before.socket.write("a");
    await hears(before, "A");
    const fault = await proxy.inject("partition");
    before.socket.write("b");
    const during = await dial();
    during.socket.end("c");
    const gone = await dial();
    gone.socket.destroy();
    await quiet();
    expect([before.text, during.text, arrived, connections]).toEqual(["A", "", "a", 1]);
    await fault.lift();
    await hears(before, "AB");
    expect(await during.ended).toBe("closed");
    expect(during.text).toBe("C");

    await proxy.inject("partition", { ways: ["down"] });
    before.socket.write("d");
    while (!arrived.includes("d")) await quiet();
    expect(before.text).toBe("AB");
    before.socket.destroy();
  });

  it("resets a connection that just begins to end in order: it was never rid of it, as that reset is refused", async () => {
    const own = await startTcpProxy((server.address() as { port: number }).port);
    const socket = connect({ port: own.port, host: "127.0.0.1", allowHalfOpen: true });
    await once(socket, "connect");
    socket.on("error", () => undefined);
    socket.write("a");
    await once(socket, "data");
    const fault = await own.inject("partition", { ways: ["down"] });
    // The server closes in answer, which is all but the last that this connection waits for.
    socket.end();
    await quiet();
    expect(own.open).toBe(1);
    await fault.lift();
    // The end passes on in the promises that follow at once, before the system has heard of it.
    for (let i = 0; i < 50; i++) await undefined;
    await own.inject("reset");
    await own.stop();
    expect(own.open).toBe(0);
    socket.destroy();
  });

  it("hits a share of the connections, the same ones for the same seed", async () => {
    await proxy.injectFor(0.5, "reset");
    const ends: string[] = [];
    for (let i = 0; i < 40; i++) {
      const one = await dial();
      one.socket.write("a");
      ends.push(await Promise.race([one.ended, hears(one, "A").then(() => "served")]));
      one.socket.destroy();
    }
    // Of 40 fair draws, fewer than 8 of a kind would be over 3.7 standard deviations off 20.
    expect(ends.filter((end) => end === "ECONNRESET").length).toBeGreaterThan(8);
    expect(ends.filter((end) => end === "served").length).toBeGreaterThan(8);
  });

  it("hangs up when nobody is behind it", async () => {
    const lonely = await startTcpProxy(1);
    const socket = connect(lonely.port, "127.0.0.1");
    await expect(once(socket, "close")).rejects.toThrow("ECONNRESET");
    await lonely.stop();
  });
});
