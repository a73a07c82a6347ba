import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { duplicates, select } from "./arrivals.ts";
import { POD_FAULTS, type PodFaultName } from "./index.ts";
import type { FaultyPod, PodInjection, PodLimits } from "./pod.ts";

/** A port by which a pod's faults are switched from outside its process. */
export interface PodControl {
  readonly url: string;
  stop(): Promise<void>;
}

/** A fault as it is switched on: `PUT /faults/{name}` with it, or with nothing. */
interface Order {
  readonly options?: object;
  readonly limits?: PodLimits;
}

/**
 * Starts one on 127.0.0.1; 0: a free port. It answers in JSON:
 *
 * | call | answer |
 * |---|---|
 * | `GET /` | `{ id, url, faults: [{ name, hits }], duplicates }` |
 * | `GET /arrivals?method=&path=&id=` | `[{ method, path, id }]` |
 * | `PUT /faults/{name}`, `{ options, limits }` | the same as `GET /`, once the fault is on; the one of that name is replaced |
 * | `DELETE /faults/{name}`, `DELETE /faults` | the same, once they are lifted |
 *
 * 404 says which faults there are, 400 that the body is no JSON.
 */
export async function startControl(pod: FaultyPod, port = 0): Promise<PodControl> {
  const faults = (named?: string) =>
    pod.faults.filter(({ name }) => named === undefined || name === named) as PodInjection[];
  const state = () => ({
    id: pod.id,
    url: pod.url,
    faults: faults().map(({ name, hits }) => ({ name, hits })),
    duplicates: duplicates([pod]),
  });
  const answer = async (request: IncomingMessage): Promise<[status: number, body: unknown]> => {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://control");
    const { method } = request;
    if (method === "GET" && pathname === "/") return [200, state()];
    if (method === "GET" && pathname === "/arrivals") {
      return [200, select(pod.arrivals, Object.fromEntries(searchParams))];
    }
    const [, name] = /^\/faults(?:\/([a-z-]+))?$/.exec(pathname) ?? ["", ""];
    if (name !== undefined && !Object.hasOwn(POD_FAULTS, name)) {
      return [404, { error: `there is no ${method} ${pathname}`, faults: Object.keys(POD_FAULTS) }];
    }
    if (method === "PUT" && name !== undefined) {
      const order = await orderOf(request);
      if (order === undefined) return [400, { error: "the body is no JSON object" }];
      for (const fault of faults(name)) await fault.lift();
      const inject = pod.injectFor as (
        limits: PodLimits,
        name: PodFaultName,
        options?: object,
      ) => Promise<unknown>;
      await inject(order.limits ?? {}, name as PodFaultName, order.options);
    } else if (method === "DELETE") for (const fault of faults(name)) await fault.lift();
    else return [405, { error: "GET, PUT or DELETE" }];
    return [200, state()];
  };
  const server = createServer((request, response) => {
    answer(request)
      .catch((error: unknown): [number, unknown] => [500, { error: String(error) }])
      .then(([status, body]) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function orderOf(request: IncomingMessage): Promise<Order | undefined> {
  let text = "";
  for await (const chunk of request) text += chunk;
  if (text === "") return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
