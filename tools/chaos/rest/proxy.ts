import { once } from "node:events";
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { fractions } from "../chance.ts";
import type { Exchange, RestAnswer, RestCall, RestFault } from "./fault.ts";
import { REST_FAULTS, type RestFaultName, type RestFaultOptions } from "./index.ts";

/** Which calls a fault hits; all, when nothing is said. */
export interface RestLimits {
  /** Share of the calls, by the proxy's seeded chance. */
  readonly share?: number;
  /** Only calls that hold one of these commands, in upper case. */
  readonly commands?: readonly string[];
  /** The first so many calls, and then no more. */
  readonly times?: number;
}

/** A fault that is on. */
export interface RestInjection {
  readonly name: RestFaultName;
  /** Calls that it hit. */
  readonly hits: number;
  lift(): void;
}

/** An Upstash REST API that errs as it is told. */
export interface FaultyRest {
  readonly url: string;
  /** Calls that came, whatever became of them. */
  readonly calls: number;
  /** The newest 10,000 of them, oldest first. */
  readonly log: readonly RestCall[];
  /** Switches a fault on, over those that are on: the newest sees a call first, and hands it to the one before. */
  inject<N extends RestFaultName>(name: N, ...options: RestFaultOptions<N>): RestInjection;
  /** As inject, for some calls only. */
  injectFor<N extends RestFaultName>(
    limits: RestLimits,
    name: N,
    ...options: RestFaultOptions<N>
  ): RestInjection;
  /** Lifts every fault. */
  clear(): void;
  stop(): Promise<void>;
}

const LOG = 10_000;

interface Active extends RestInjection {
  hits: number;
  readonly fault: RestFault;
  readonly limits: RestLimits;
  readonly lifted: Promise<void>;
}

/** Starts one on a free port in front of `target`, the base URL of a gateway; without a fault it only passes on. */
export async function startFaultyRest(target: string, { seed = 1 } = {}): Promise<FaultyRest> {
  const agent = new Agent({ keepAlive: true });
  const chance = fractions(seed);
  let active: Active[] = [];
  let calls = 0;
  const log: RestCall[] = [];

  const hitBy = (call: RestCall) => (injection: Active) => {
    const { share = 1, commands, times = Number.POSITIVE_INFINITY } = injection.limits;
    if (commands !== undefined && !call.commands.some(([name = ""]) => commands.includes(name))) return false;
    if (injection.hits >= times || (share < 1 && chance() >= share)) return false;
    injection.hits++;
    return true;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const call = await read(request);
    calls++;
    log.push(call);
    if (log.length > LOG) log.shift();
    const gone = new Promise((resolve) => response.once("close", resolve));
    const ask = (path: string, body: Buffer) => forward(agent, target, path, request, body);
    const chain = active.filter(hitBy(call));
    const from = (depth: number): Promise<RestAnswer | undefined> => {
      const injection = chain[depth];
      if (injection === undefined) return ask(request.url ?? "/", call.body);
      const exchange: Exchange = {
        call,
        socket: request.socket,
        over: Promise.race([injection.lifted, gone]),
        chance,
        next: () => from(depth + 1),
        ask: (path, body) => ask(path, Buffer.from(JSON.stringify(body))),
      };
      return injection.fault(exchange);
    };
    const final = await from(0);
    if (final === undefined) return;
    const { status, type, body, promised = body.length } = final;
    response.writeHead(status, { "content-type": type, "content-length": promised });
    if (promised === body.length) response.end(body);
    else response.write(body, () => request.socket.destroy());
  };
  const server = createServer((request, response) => {
    // The client went away, or the store did: as when either dies.
    answer(request, response).catch(() => request.socket.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const injectFor: FaultyRest["injectFor"] = (limits, name, ...options) => {
    const make = REST_FAULTS[name] as (...options: unknown[]) => RestFault;
    let settle: () => void;
    const lifted = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const injection: Active = {
      name,
      hits: 0,
      limits,
      lifted,
      fault: make(...options),
      lift: () => {
        active = active.filter((other) => other !== injection);
        settle();
      },
    };
    active = [injection, ...active];
    return injection;
  };
  const clear = () => {
    for (const injection of active) injection.lift();
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get calls() {
      return calls;
    },
    log,
    inject: (name, ...options) => injectFor({}, name, ...options),
    injectFor,
    clear,
    stop: async () => {
      clear();
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

async function read(request: IncomingMessage): Promise<RestCall> {
  const body = await whole(request);
  const { pathname: path } = new URL(request.url ?? "/", "http://store");
  return { at: performance.now(), path, body, commands: commandsOf(path, body.toString()) };
}

async function whole(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function commandsOf(path: string, body: string): string[][] {
  const many = path === "/pipeline" || path === "/multi-exec";
  let all: unknown;
  try {
    all = many ? JSON.parse(body) : path === "/" ? [JSON.parse(body)] : [path.slice(1).split("/")];
  } catch {
    // The store itself will say what it thinks of that.
    return [];
  }
  const lists = Array.isArray(all) ? all.filter((one): one is unknown[] => Array.isArray(one)) : [];
  return lists.map(([name, ...args]) => [String(name).toUpperCase(), ...args.map(String)]);
}

/** Asks the store itself. Rejects when it does not answer. */
function forward(
  agent: Agent,
  target: string,
  path: string,
  { method = "POST", headers }: IncomingMessage,
  body: Buffer,
): Promise<RestAnswer> {
  const { host: _, connection: __, "transfer-encoding": ___, ...rest } = headers;
  const own = body.length > 0 ? { ...rest, "content-length": String(body.length) } : rest;
  return new Promise((resolve, reject) => {
    const onward = httpRequest(target + path, { method, headers: own, agent }, (response) => {
      const { statusCode: status = 502, headers: got } = response;
      const type = got["content-type"] ?? "application/json";
      whole(response).then((bytes) => resolve({ status, type, body: bytes }), reject);
    });
    onward.on("error", reject);
    onward.end(body);
  });
}
