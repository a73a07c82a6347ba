import { abort } from "../abort.ts";
import type { PodFault } from "./fault.ts";

/** Takes requests and says nothing, until the fault is lifted: then it resets. */
export function hang(): PodFault {
  return {
    async request({ over, socket }) {
      await over;
      abort(socket);
    },
  };
}
