import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { onFreePort } from "../../fleet/ports.ts";
import { fractions } from "../chance.ts";
import type { Levers, Link, TcpFault } from "./fault.ts";
import { TCP_FAULTS, type TcpFaultName, type TcpFaultOptions } from "./index.ts";
import { Wire } from "./wire.ts";

/** A fault that is on. */
export interface TcpInjection {
  readonly name: TcpFaultName;
  lift(): Promise<void>;
}

/** A TCP proxy that errs as it is told. */
export interface TcpProxy {
  readonly port: number;
  /** `http://127.0.0.1:PORT`, for where a url is wanted. */
  readonly url: string;
  /** Connections that it has accepted so far. */
  readonly accepted: number;
  /** Connections that are open now. */
  readonly open: number;
  /** Switches a fault on, for connections that are open, too; several stand one behind another, the oldest first. */
  inject<N extends TcpFaultName>(name: N, ...options: TcpFaultOptions<N>): Promise<TcpInjection>;
  /** As inject, for a share of the connections, by the proxy's seeded chance. */
  injectFor<N extends TcpFaultName>(
    share: number,
    name: N,
    ...options: TcpFaultOptions<N>
  ): Promise<TcpInjection>;
  /** Lifts every fault. */
  clear(): Promise<void>;
  stop(): Promise<void>;
}

interface Active extends TcpInjection {
  readonly fault: TcpFault;
  /** The link as this fault sees it; undefined for a connection that it spares. */
  link(wire: Wire): Link | undefined;
}

/** Starts one on a free port of 127.0.0.1 in front of `target`, a port there or a url. */
export async function startTcpProxy(target: number | string, { seed = 1 } = {}): Promise<TcpProxy> {
  const behind =
    typeof target === "number" ? { hostname: "127.0.0.1", port: String(target) } : new URL(target);
  const chance = fractions(seed);
  const wires = new Set<Wire>();
  let active: Active[] = [];
  let accepted = 0;
  let server: Server | undefined;

  /** Walks over the faults that are on now and hit this connection. */
  const each = async (wire: Wire, step: (fault: TcpFault, link: Link) => unknown) => {
    for (const injection of active) {
      const link = injection.link(wire);
      if (link !== undefined) await step(injection.fault, link);
    }
  };
  const listen = async (port: number) => {
    if (server !== undefined) return;
    const opening = createServer({ allowHalfOpen: true, pauseOnConnect: true, noDelay: true }, (socket) => {
      accepted++;
      const wire: Wire = new Wire(socket, {
        open: () => each(wire, (fault, link) => fault.open?.(link)),
        chunk: async (chunk, way) => {
          let bytes: Buffer | undefined = chunk;
          await each(wire, async (fault, link) => {
            if (bytes !== undefined && fault.chunk !== undefined) bytes = await fault.chunk(bytes, way, link);
          });
          return bytes;
        },
        end: (way) => each(wire, (fault, link) => fault.end?.(way, link)),
      });
      wires.add(wire);
      void wire.gone.then(() => wires.delete(wire));
      void wire.connect(Number(behind.port), behind.hostname);
    });
    opening.listen({ port, host: "127.0.0.1", backlog: 4096 });
    await once(opening, "listening");
    server = opening;
  };
  const refuse = async () => {
    // Its close comes when the last connection has ended; the port refuses from now on.
    server?.close();
    server = undefined;
  };
  const port = await onFreePort(async (free) => {
    await listen(free);
    return free;
  });

  const injectFor: TcpProxy["injectFor"] = async (share, name, ...options) => {
    const fault = (TCP_FAULTS[name] as (...options: unknown[]) => TcpFault)(...options);
    const known = new WeakMap<Wire, Link | undefined>();
    let settle = (): void => undefined;
    const lifted = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const link = (wire: Wire) => {
      if (known.has(wire)) return known.get(wire);
      const over = Promise.race([lifted, wire.gone]);
      const made = { over, chance, reset: () => wire.reset(), close: () => wire.close() };
      const hit = share >= 1 || chance() < share ? made : undefined;
      known.set(wire, hit);
      return hit;
    };
    const levers: Levers = {
      links: () => [...wires].flatMap((wire) => link(wire) ?? []),
      refuse,
      listen: () => listen(port),
    };
    const injection: Active = {
      name,
      fault,
      link,
      lift: async () => {
        if (!active.includes(injection)) return;
        active = active.filter((other) => other !== injection);
        settle();
        await fault.lift?.(levers);
      },
    };
    active = [...active, injection];
    await fault.begin?.(levers);
    return injection;
  };
  const clear = async () => {
    for (const injection of active) await injection.lift();
  };
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    get accepted() {
      return accepted;
    },
    get open() {
      return wires.size;
    },
    inject: (name, ...options) => injectFor(1, name, ...options),
    injectFor,
    clear,
    stop: async () => {
      await clear();
      await refuse();
      const open = [...wires];
      for (const wire of open) wire.reset();
      await Promise.all(open.map((wire) => wire.gone));
    },
  };
}
