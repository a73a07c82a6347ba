import type { PodFault } from "./fault.ts";

/** Closes the connection in order when the whole request has come, before a byte is said. */
export function close(): PodFault {
  return {
    request({ request, socket }) {
      // With bytes unread the system would send a reset instead.
      request.resume();
      if (request.complete) socket.end();
      else request.once("end", () => socket.end());
    },
  };
}
