import { setTimeout as sleep } from "node:timers/promises";
import type { RestFault } from "./fault.ts";

export interface LagOptions {
  /** Milliseconds. */
  readonly ms: number;
  /** At most so many milliseconds more, by chance. */
  readonly jitter?: number;
  /** What was asked is done at once, and only the answer comes late. */
  readonly after?: boolean;
}

/** Takes its time: what was asked is done late, and so is the answer. */
export const lag =
  ({ ms, jitter = 0, after = false }: LagOptions): RestFault =>
  async ({ next, chance }) => {
    const pause = ms + jitter * chance();
    if (!after) {
      await sleep(pause);
      return next();
    }
    const answer = await next();
    await sleep(pause);
    return answer;
  };
