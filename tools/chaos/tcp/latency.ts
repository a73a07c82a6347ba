import { setTimeout as sleep } from "node:timers/promises";
import type { TcpFault, Way } from "./fault.ts";

export interface LatencyOptions {
  /** Milliseconds that bytes spend in each way. */
  readonly ms: number;
  /** At most so many milliseconds more, by chance; the order stays. */
  readonly jitter?: number;
  readonly ways?: readonly Way[];
}

/** Bytes come late, and not fewer in a second: those of one connection are under way together. */
export function latency({ ms, jitter = 0, ways = ["up", "down"] }: LatencyOptions): TcpFault {
  return {
    async chunk(chunk, way, link) {
      if (ways.includes(way)) await sleep(ms + jitter * link.chance());
      return chunk;
    },
  };
}
