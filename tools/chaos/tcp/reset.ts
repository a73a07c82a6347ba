import type { TcpFault } from "./fault.ts";

export interface ResetOptions {
  /**
   * `open`: at once, those that are open as well. `up`: when the client sends, of which nothing arrives. `down`: when what is
   * behind answers, so that it has done what was asked.
   */
  readonly when?: "open" | "up" | "down";
}

/** Resets connections. */
export function reset({ when = "open" }: ResetOptions = {}): TcpFault {
  if (when === "open") {
    return {
      begin(levers) {
        for (const link of levers.links()) link.reset();
      },
      open: (link) => link.reset(),
    };
  }
  return {
    chunk(chunk, way, link) {
      if (way !== when) return chunk;
      link.reset();
      return undefined;
    },
  };
}
