import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type PodControl, startControl } from "../../../tools/chaos/pod/control.ts";
import type { PodFaultName } from "../../../tools/chaos/pod/index.ts";
import { type FaultyPod, startFaultyPod } from "../../../tools/chaos/pod/pod.ts";

/** What a client on a connection of its own sees of one request. */
export interface Seen {
  /** All that it read. */
  readonly text: string;
  /** `closed`, the code of an error, or `open`: nothing more came, and the connection stands. */
  readonly end: string;
}

/** A fault, its options, and what a client sees of it. */
export type PodCase = readonly [
  fault: PodFaultName,
  options: object | undefined,
  sees: {
    readonly text: RegExp;
    readonly end: string;
    /** How often the request came to the pod, 1 unless said. */
    readonly arrivals?: 0;
  },
];

/** Long enough for what would have come over the loopback by then. */
const QUIET_MS = 80;
/** Of what must come, on however busy a machine. */
const PATIENCE_MS = 10_000;

/** Sends one request, and listens until the connection ends, a whole response has come or it was silent for so long. */
export function ask(port: number, head: string, quiet = PATIENCE_MS): Promise<Seen> {
  return new Promise((resolve) => {
    let text = "";
    let timer: NodeJS.Timeout | undefined;
    const socket = connect(port, "127.0.0.1", () => socket.write(head, "latin1"));
    const finish = (end: string) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ text, end });
    };
    const listen = () => {
      clearTimeout(timer);
      if (whole(text)) finish("open");
      else timer = setTimeout(() => finish("open"), quiet);
    };
    listen();
    socket.setEncoding("latin1");
    socket.on("data", (chunk: string) => {
      text += chunk;
      listen();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => finish(error.code ?? error.message));
    socket.on("end", () => finish("closed"));
  });
}

/** Whether all has come that the first of its lengths promises. */
function whole(text: string): boolean {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return false;
  const length = /^content-length: ([0-9]+)/im.exec(text.slice(0, end))?.[1];
  if (length === undefined) return text.endsWith("\r\n0\r\n\r\n");
  return text.length - end - 4 >= Number(length);
}

export const get = (path: string, id: string, method = "GET") =>
  `${method} ${path} HTTP/1.1\r\nHost: pod\r\nX-Request-Id: ${id}\r\nContent-Length: 0\r\n\r\n`;

/** What every fault of a pod must do, switched over its control port. */
export function podFaultContract([name, options, sees]: PodCase): void {
  describe(`${name} ${JSON.stringify(options ?? {})}`, () => {
    let pod: FaultyPod;
    let control: PodControl;
    beforeAll(async () => {
      pod = await startFaultyPod("web-0");
      control = await startControl(pod);
    });
    afterAll(async () => {
      await control?.stop();
      await pod?.stop();
    });

    const order = async (method: string, body?: object) => {
      const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
      return (await fetch(`${control.url}/faults/${name}`, init)).json();
    };
    const served = async (id: string) => {
      const { text } = await ask(pod.port, get("/", id));
      expect(text).toMatch(/^HTTP\/1\.1 200 [\s\S]*\r\n\r\nweb-0\n$/);
    };

    it("is seen while it is on, and neither before nor after", async () => {
      await served("before");
      expect(await order("PUT", { options })).toMatchObject({ faults: [{ name, hits: 0 }] });
      const silent = sees.end === "open" && sees.text.test("");
      const seen = await ask(pod.port, get("/", "during", "POST"), silent ? QUIET_MS : PATIENCE_MS);
      expect({ text: seen.text, end: seen.end }).toEqual({
        text: expect.stringMatching(sees.text),
        end: sees.end,
      });
      expect(await order("DELETE")).toMatchObject({ faults: [] });
      await served("after");
    });

    it("lets each request be counted once, by method and id", async () => {
      expect(pod.count({ id: "before" })).toBe(1);
      // One that nobody answers may still be on its way when its client has long given up.
      if (sees.arrivals !== 0)
        await expect.poll(() => pod.count({ id: "during" }), { timeout: 5000 }).toBe(1);
      expect(pod.count({ id: "during" })).toBe(sees.arrivals ?? 1);
      expect(pod.count({ id: "during", method: "POST" })).toBe(sees.arrivals ?? 1);
      expect(pod.count({ id: "after", method: "GET" })).toBe(1);
    });
  });
}
