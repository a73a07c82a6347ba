import type { PodFault } from "./fault.ts";

/** Answers with a status, 503 unless another is given, and does nothing. */
export function status({ status = 503 }: { status?: number } = {}): PodFault {
  return {
    request({ id, request, response }) {
      request.resume();
      const body = `${id} has a fault\n`;
      response.writeHead(status, { "content-type": "text/plain", "content-length": body.length }).end(body);
    },
  };
}
