import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse, request as send } from "node:http";
import type { AddressInfo } from "node:net";

interface Config {
  readonly pools: Readonly<
    Record<string, { readonly pods: readonly { readonly id: string; readonly url: string }[] }>
  >;
}

/** A sticky reverse proxy, just enough of one to see the demo through: cookie `mooring`, pods in turn, moved when refused. */
export interface FakeEdge {
  readonly url: string;
  /** Takes the config that the demo gives; before, every request is refused. */
  serve(config: object): void;
  stop(): Promise<void>;
}

/** Forwards a request; resolves false when the pod refuses the connection, and nothing was answered. */
function forward(
  request: IncomingMessage,
  response: ServerResponse,
  url: string,
  extra: object,
): Promise<boolean> {
  return new Promise((resolve) => {
    const cookie = (request.headers.cookie ?? "").replace(/(^|;\s*)mooring=[^;]*/, "");
    const headers = { ...request.headers, cookie, "x-forwarded-host": request.headers.host };
    const upstream = send(`${url}${request.url}`, { method: request.method!, headers }, (answer) => {
      const cookies = [
        ...(answer.headers["set-cookie"] ?? []),
        ...(response.getHeaders()["set-cookie"] as string[]),
      ];
      response.writeHead(answer.statusCode!, { ...answer.headers, ...extra, "set-cookie": cookies });
      answer.pipe(response);
      answer.on("error", () => response.destroy());
      resolve(true);
    });
    upstream.on("error", () => (response.headersSent ? response.destroy() : resolve(false)));
    response.on("close", () => upstream.destroy());
    request.pipe(upstream);
  });
}

/** Starts the edge on a free port of 127.0.0.1, or on `port`. */
export async function startFakeEdge(port = 0): Promise<FakeEdge> {
  let config: Config = { pools: {} };
  let next = 0;
  const bindings = new Map<string, string>();

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pool = request.url!.startsWith("/demo") ? "demo" : "web";
    const pods = config.pools[pool]?.pods ?? [];
    const sid = /(?:^|;\s*)mooring=([^;]+)/.exec(request.headers.cookie ?? "")?.[1] ?? randomUUID();
    const bound = bindings.get(sid);
    response.setHeader("set-cookie", [`mooring=${sid}; Path=/; HttpOnly; SameSite=Lax`]);
    const first = pods.find((pod) => pod.id === bound) ?? pods[next++ % Math.max(1, pods.length)];
    const order = first === undefined ? [] : [first, ...pods.filter((pod) => pod !== first)];
    for (const pod of order) {
      const why =
        pool === "demo"
          ? `unkeyed; pool=demo; pod=${pod.id}`
          : bound === undefined
            ? `bound; pool=web; pod=${pod.id}`
            : bound === pod.id
              ? `kept; pool=web; pod=${pod.id}`
              : `moved; pool=web; pod=${pod.id}; from=${bound}; cause=pod-gone`;
      if (await forward(request, response, pod.url, { "mooring-decision": `${why}; revision=7` })) {
        if (pool === "web") bindings.set(sid, pod.id);
        return;
      }
      if (request.method !== "GET") break;
    }
    response.writeHead(503, { "mooring-decision": `refused; pool=${pool}; revision=7` }).end();
  }

  const server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    serve(given) {
      config = given as Config;
    },
    stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}
