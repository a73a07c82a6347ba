import type { TcpFault } from "./fault.ts";

/** Refuses new connections, and resets those that are open unless told to leave them, as if the process had died. */
export function refuse({ existing = true }: { existing?: boolean } = {}): TcpFault {
  return {
    async begin(levers) {
      await levers.refuse();
      if (existing) for (const link of levers.links()) link.reset();
    },
    lift: (levers) => levers.listen(),
  };
}
