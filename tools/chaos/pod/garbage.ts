import type { PodFault } from "./fault.ts";

/** Answers with bytes that are no HTTP, and closes. */
export function garbage({ text = "\u0016\u0003\u0001 this is no HTTP\r\n\r\n" } = {}): PodFault {
  return {
    request({ request, socket }) {
      request.resume();
      socket.end(text, "latin1");
    },
  };
}
