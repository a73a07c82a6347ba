import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import { type Arrival, podApp } from "../../fleet/pod-app.ts";
import { onFreePort } from "../../fleet/ports.ts";
import { abort } from "../abort.ts";
import { fractions } from "../chance.ts";
import { select } from "./arrivals.ts";
import type { PodExchange, PodFault, PodLevers } from "./fault.ts";
import { POD_FAULTS, type PodFaultName, type PodFaultOptions } from "./index.ts";
import { echo } from "./web-socket.ts";

/** Which requests a fault hits; all, when nothing is said. What it does to connections is not bounded by it. */
export interface PodLimits {
  /** Share of the requests, by the pod's seeded chance. */
  readonly share?: number;
  readonly methods?: readonly string[];
  /** Paths that begin so. */
  readonly path?: string;
  /** The first so many requests, and then no more. */
  readonly times?: number;
}

/** A fault that is on. */
export interface PodInjection {
  readonly name: PodFaultName;
  /** Requests that it hit. */
  readonly hits: number;
  lift(): Promise<void>;
}

/** A pod that errs as it is told; without a fault it is a pod of the fleet. */
export interface FaultyPod {
  readonly id: string;
  readonly port: number;
  readonly url: string;
  /** Every request that came, whatever became of it, oldest first. */
  readonly arrivals: readonly Arrival[];
  /** Faults that are on, the newest first. */
  readonly faults: readonly PodInjection[];
  /** How many came that are as `like` says. */
  count(like: Partial<Arrival>): number;
  /** Switches a fault on, over those that are on: the newest sees a request first, and hands it to the one before. */
  inject<N extends PodFaultName>(name: N, ...options: PodFaultOptions<N>): Promise<PodInjection>;
  /** As inject, for some requests only. */
  injectFor<N extends PodFaultName>(
    limits: PodLimits,
    name: N,
    ...options: PodFaultOptions<N>
  ): Promise<PodInjection>;
  /** Lifts every fault. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

interface Active extends PodInjection {
  hits: number;
  readonly fault: PodFault;
  readonly limits: PodLimits;
  readonly lifted: Promise<void>;
}

/** Longer than any edge keeps an idle connection: were the pod the first to close one, a request could meet the closing. */
const KEEP_ALIVE_MS = 120_000;

/** Starts one on 127.0.0.1, on a free port that nobody else is given unless told which. */
export async function startFaultyPod(id: string, { port = 0, seed = 1 } = {}): Promise<FaultyPod> {
  const chance = fractions(seed);
  const arrivals: Arrival[] = [];
  /** Connections that are open, each with when it has gone. */
  const sockets = new Map<Socket, Promise<unknown>>();
  const webSockets = new Set<Socket>();
  let active: Active[] = [];
  let server: Server | undefined;
  const app = podApp(id, String(process.pid), () => undefined);

  const arrived = ({ method = "", url = "/", headers }: IncomingMessage) => {
    const { pathname: path } = new URL(url, "http://pod");
    arrivals.push({ method, path, id: String(headers["x-request-id"] ?? "") });
  };
  const hitBy = ({ method = "", url = "/" }: IncomingMessage, injection: Active) => {
    const { share = 1, methods, path = "", times = Number.POSITIVE_INFINITY } = injection.limits;
    if (injection.fault.request === undefined || injection.hits >= times || !url.startsWith(path))
      return false;
    if (methods !== undefined && !methods.includes(method)) return false;
    return share >= 1 || chance() < share;
  };
  const open = async (at: number) => {
    const opening = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      arrived(request);
      const { socket } = request;
      const chain = active.filter((injection) => hitBy(request, injection));
      for (const injection of chain) injection.hits++;
      const from = (depth: number): void => {
        const injection = chain[depth];
        if (injection === undefined) return void app.listener(request, response);
        const over = Promise.race([injection.lifted, sockets.get(socket)]);
        const next = () => from(depth + 1);
        const exchange: PodExchange = { id, request, response, socket, over, chance, next };
        injection.fault.request?.(exchange);
      };
      from(0);
    });
    opening.on("connection", (socket) => {
      // Its loss is told by the close that follows.
      socket.on("error", () => undefined);
      const gone = new Promise((resolve) => socket.once("close", resolve));
      sockets.set(socket, gone);
      void gone.then(() => sockets.delete(socket));
    });
    opening.on("upgrade", (request, duplex) => {
      arrived(request);
      const socket = duplex as Socket;
      webSockets.add(socket);
      socket.once("close", () => webSockets.delete(socket));
      echo(id, request, socket);
      for (const { fault } of active) fault.webSocket?.(socket);
    });
    opening.listen({ port: at, host: "127.0.0.1", backlog: 4096 });
    await once(opening, "listening");
    server = opening;
    return at;
  };
  const actual = port === 0 ? await onFreePort(open) : await open(port);
  const levers: PodLevers = {
    port: actual,
    refuse: async () => {
      // Its close comes when the last connection has ended; the port refuses from now on.
      server?.close();
      server = undefined;
    },
    listen: async () => {
      if (server === undefined) await open(actual);
    },
    links: () => [...sockets.keys()],
    webSockets: () => [...webSockets],
  };

  const injectFor: FaultyPod["injectFor"] = async (limits, name, ...options) => {
    const fault = (POD_FAULTS[name] as (...options: unknown[]) => PodFault)(...options);
    let settle = (): void => undefined;
    const lifted = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const injection: Active = {
      name,
      hits: 0,
      fault,
      limits,
      lifted,
      lift: async () => {
        if (!active.includes(injection)) return;
        active = active.filter((other) => other !== injection);
        settle();
        await fault.lift?.(levers);
      },
    };
    active = [injection, ...active];
    await fault.begin?.(levers);
    return injection;
  };
  const clear = async () => {
    for (const injection of active) await injection.lift();
  };
  return {
    id,
    port: actual,
    url: `http://127.0.0.1:${actual}`,
    arrivals,
    get faults() {
      return active;
    },
    count: (like) => select(arrivals, like).length,
    inject: (name, ...options) => injectFor({}, name, ...options),
    injectFor,
    clear,
    stop: async () => {
      await clear();
      await levers.refuse();
      const closing = [...sockets.values()];
      for (const socket of sockets.keys()) abort(socket);
      await Promise.all(closing);
    },
  };
}
