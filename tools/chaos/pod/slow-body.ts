import { setTimeout as sleep } from "node:timers/promises";
import type { PodFault } from "./fault.ts";

export interface SlowBodyOptions {
  /** Milliseconds before each piece. */
  readonly ms: number;
  /** Into so many pieces the body is cut, 4 unless said. */
  readonly pieces?: number;
  /** Bytes of the body, 400 unless said. */
  readonly size?: number;
}

/** Sends its headers at once, and then its body by drops. */
export function slowBody({ ms, pieces = 4, size = 400 }: SlowBodyOptions): PodFault {
  return {
    async request({ response }) {
      response.writeHead(200, { "content-type": "text/plain", "content-length": size });
      response.flushHeaders();
      for (let sent = 0, piece = 1; piece <= pieces; piece++) {
        await sleep(ms);
        const upTo = Math.round((size * piece) / pieces);
        response.write("x".repeat(upTo - sent));
        sent = upTo;
      }
      response.end();
    },
  };
}
