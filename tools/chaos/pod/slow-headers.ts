import { setTimeout as sleep } from "node:timers/promises";
import type { PodFault } from "./fault.ts";

export interface SlowHeadersOptions {
  /** Milliseconds before anything is said. */
  readonly ms: number;
  /** At most so many milliseconds more, by chance. */
  readonly jitter?: number;
}

/** A brownout: does what is asked, and late. */
export function slowHeaders({ ms, jitter = 0 }: SlowHeadersOptions): PodFault {
  return {
    async request({ chance, next }) {
      await sleep(ms + jitter * chance());
      next();
    },
  };
}
