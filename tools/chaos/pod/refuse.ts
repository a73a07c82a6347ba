import { abort } from "../abort.ts";
import type { PodFault } from "./fault.ts";

/** Refuses connections, and resets those that are open, as if the process had died. */
export function refuse(): PodFault {
  return {
    async begin(levers) {
      await levers.refuse();
      for (const socket of levers.links()) abort(socket);
    },
    lift: (levers) => levers.listen(),
  };
}
