import { setTimeout as sleep } from "node:timers/promises";
import type { Link, TcpFault, Way } from "./fault.ts";

export interface BandwidthOptions {
  /** Bytes in a second, for each connection and way. */
  readonly rate: number;
  readonly ways?: readonly Way[];
}

/** Bytes pass no faster than so; what comes in a piece passes as one, when its last byte would have. */
export function bandwidth({ rate, ways = ["up", "down"] }: BandwidthOptions): TcpFault {
  /** When a way of a connection is free again; milliseconds. */
  const free = new WeakMap<Link, Partial<Record<Way, number>>>();
  return {
    async chunk(chunk, way, link) {
      if (!ways.includes(way)) return chunk;
      const own = free.get(link) ?? {};
      free.set(link, own);
      const now = performance.now();
      const at = Math.max(now, own[way] ?? 0) + (1000 * chunk.length) / rate;
      own[way] = at;
      await Promise.race([sleep(at - now), link.over]);
      return chunk;
    },
  };
}
