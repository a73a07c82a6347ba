import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Admin } from "../../tools/fleet/admin.ts";
import { call } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { ADMIN, type Stack, startStack } from "../support/stack.ts";

/** A client of one stream: what has come of it so far, and its end. */
interface Stream {
  readonly response: IncomingMessage;
  /** Waits until so many events have come, or the stream is over. */
  events(count: number): Promise<string[]>;
  /** Whether it ended as a whole body does; false when it broke. */
  readonly whole: Promise<boolean>;
  leave(): void;
}

function listen(url: string, headers: Record<string, string> = {}): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { headers: { accept: "text/event-stream", ...headers } }, (response) => {
      let text = "";
      let wake: () => void = () => undefined;
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
        wake();
      });
      response.on("error", () => undefined);
      const whole = new Promise<boolean>((end) => response.on("close", () => end(response.complete)));
      void whole.then(() => wake());
      const events = async (count: number) => {
        const all = () => text.split("\n\n").slice(0, -1);
        while (all().length < count && !response.closed) {
          await new Promise<void>((go) => {
            wake = go;
          });
        }
        return all();
      };
      resolve({ response, events, whole, leave: () => request.destroy() });
    });
    request.on("error", reject);
    request.end();
  });
}

/** Streams that the test itself writes, by the order in which they were asked for. */
describe("server-sent events", () => {
  let pods: TestPod[];
  let stack: Stack;
  let admin: Admin;
  const streams: { id: string; request: IncomingMessage; response: ServerResponse }[] = [];

  beforeAll(async () => {
    const answer = (request: IncomingMessage, response: ServerResponse, { id }: TestPod) => {
      if (request.headers.accept !== "text/event-stream") return void response.end(id);
      response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
      response.flushHeaders();
      streams.push({ id, request, response });
    };
    pods = await Promise.all(["web-0", "web-1"].map((id) => startPod(id, answer)));
    const listed = (name: string) => pods.map(({ id, url }) => ({ id: id.replace("web", name), url }));
    stack = await startStack({
      edges: 2,
      config: {
        version: 1,
        pools: { web: { pods: listed("web") }, busy: { policy: "least-request", pods: listed("busy") } },
        routes: [{ pool: "web" }, { path: "/busy", pool: "busy" }],
      },
    });
    admin = new Admin([stack.edges[1]!.url], ADMIN);
  });
  afterAll(async () => {
    await stack?.stop();
    for (const pod of pods) await pod.kill();
  });

  for (const path of ["/", "/busy"]) {
    const kind = path === "/" ? "a pool that goes by no load" : "a pool that holds a lease to the end";

    it(`each reach the client before the next one is written, in ${kind}`, async () => {
      // The headers alone reach it, before any event.
      const stream = await listen(stack.url + path, { "last-event-id": "41" });
      const { response: pod, request } = streams.at(-1)!;
      expect(stream.response.headers["content-type"]).toBe("text/event-stream");
      expect(stream.response.headers["set-cookie"]).toHaveLength(1);
      expect(stream.response.headers["cache-control"]).toBe("no-cache, private");
      expect(stream.response.headers["content-encoding"]).toBeUndefined();
      expect(request.headers["last-event-id"]).toBe("41");
      for (let i = 1; i <= 5; i++) {
        pod.write(`id: ${i}\ndata: ${i}\n\n`);
        // Nothing more is written until this one has come: a buffer anywhere would hang here.
        expect((await stream.events(i)).at(-1)).toBe(`id: ${i}\ndata: ${i}`);
      }
      pod.end();
      expect(await stream.whole).toBe(true);
    });

    it(`end at the pod when their client leaves, in ${kind}`, async () => {
      const stream = await listen(stack.url + path);
      const { response: pod } = streams.at(-1)!;
      const closed = new Promise<void>((resolve) => pod.on("close", resolve));
      pod.write("data: 1\n\n");
      await stream.events(1);
      stream.leave();
      // Whoever leaves is noticed at the next event at the latest.
      const beat = setInterval(() => pod.write(": still there?\n\n"), 50);
      await closed;
      clearInterval(beat);
      expect(pod.writableFinished).toBe(false);
    });
  }

  it("come back to the pod that they came from", async () => {
    for (let i = 0; i < 6; i++) {
      const first = await listen(stack.url);
      const { id, response } = streams.at(-1)!;
      const [pair = ""] = first.response.headers["set-cookie"]![0]!.split(";");
      response.end("id: 7\ndata: x\n\n");
      await first.whole;
      const again = await listen(stack.url, { cookie: pair, "last-event-id": "7" });
      expect(streams.at(-1)!.id).toBe(id);
      again.leave();
    }
  });

  it("go on after the deadline of their pod's drain, while the session's next request moves", async () => {
    const stream = await listen(stack.url);
    const { id, response: pod } = streams.at(-1)!;
    const [cookie = ""] = stream.response.headers["set-cookie"]![0]!.split(";");
    await admin.send("PATCH", `/v1/pools/web/pods/${id}`, { body: { state: "draining", deadline: "0s" } });
    const moved = async () => (await call(stack.url, { headers: { cookie } })).body;
    while ((await moved()) === id) await new Promise((resolve) => setTimeout(resolve, 50));
    pod.write("data: after\n\n");
    expect(await stream.events(1)).toEqual(["data: after"]);
    pod.end();
    expect(await stream.whole).toBe(true);
  });
});
