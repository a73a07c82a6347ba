import { bytes, type PodFault } from "./fault.ts";
import { SMUGGLED } from "./two-lengths.ts";

/** Content-Length and Transfer-Encoding at once, which end at different bytes; the connection stays open. */
export function lengthAndChunked(): PodFault {
  const body = `2\r\nok\r\n0\r\n\r\n`;
  const head = [
    "HTTP/1.1 200 OK",
    `Content-Length: ${body.length + SMUGGLED.length}`,
    "Transfer-Encoding: chunked",
  ];
  return {
    request({ request, socket }) {
      request.resume();
      socket.write(bytes(head, body + SMUGGLED));
    },
  };
}
