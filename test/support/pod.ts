import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

/** A pod for tests: a real server that remembers what reached it. */
export interface TestPod {
  readonly id: string;
  readonly url: string;
  readonly port: number;
  /** `METHOD path` of each request that arrived. */
  readonly arrivals: string[];
  /** The headers of the newest request, a probe's as well. */
  last: IncomingMessage["headers"];
  /** The same, by `METHOD path`: where probes come in between. */
  readonly heard: Map<string, IncomingMessage["headers"]>;
  /** Ends it as a crash would: connections reset, the port refused. */
  kill(): Promise<void>;
  /** Listens on the same port again. */
  revive(): Promise<void>;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, pod: TestPod) => void;

const answerWithId: Handler = (_, response, pod) => {
  response.setHeader("content-type", "text/plain");
  response.end(`${pod.id}\n`);
};

export async function startPod(id: string, handler: Handler = answerWithId): Promise<TestPod> {
  const sockets = new Set<Socket>();
  let server: Server;
  const listen = (port: number) =>
    new Promise<number>((resolve, reject) => {
      server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
        pod.arrivals.push(`${request.method} ${request.url}`);
        pod.last = request.headers;
        pod.heard.set(`${request.method} ${request.url}`, request.headers);
        handler(request, response, pod);
      });
      server.on("connection", (socket) => {
        sockets.add(socket);
        socket.on("close", () => sockets.delete(socket));
      });
      server.once("error", reject);
      server.listen(port, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    });
  const pod: TestPod = {
    id,
    url: "",
    port: 0,
    arrivals: [],
    last: {},
    heard: new Map(),
    kill: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.resetAndDestroy();
      }),
    revive: async () => {
      await listen(pod.port);
    },
  };
  const port = await listen(0);
  return Object.assign(pod, { port, url: `http://127.0.0.1:${port}` });
}
