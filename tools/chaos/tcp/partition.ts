import type { TcpFault, Way } from "./fault.ts";

/**
 * Nothing passes, not even that a side has closed; new connections hang. What was sent meanwhile arrives once the fault is
 * lifted, as TCP sends it again.
 */
export function partition({ ways = ["up", "down"] }: { ways?: readonly Way[] } = {}): TcpFault {
  return {
    open: (link) => link.over,
    async chunk(chunk, way, link) {
      if (ways.includes(way)) await link.over;
      return chunk;
    },
    async end(way, link) {
      if (ways.includes(way)) await link.over;
    },
  };
}
