import { bytes, type PodFault } from "./fault.ts";

/** A response that nobody asked for, and that a reader of the shorter length finds next on the connection. */
export const SMUGGLED = bytes(
  ["HTTP/1.1 200 OK", "Content-Type: text/plain", "Content-Length: 8"],
  "smuggled",
);

/** Two Content-Length that differ, with a response of its own between their ends; the connection stays open. */
export function twoLengths(): PodFault {
  const lengths = [2, 2 + SMUGGLED.length];
  const head = ["HTTP/1.1 200 OK", ...lengths.map((length) => `Content-Length: ${length}`)];
  return {
    request({ request, socket }) {
      request.resume();
      socket.write(bytes(head, `ok${SMUGGLED}`));
    },
  };
}
