import { abort } from "../abort.ts";
import { bytes, type PodFault } from "./fault.ts";

export interface CutOptions {
  /** What tells the client how long the body is; `length` unless said. */
  readonly framing?: "length" | "chunked";
  /** How the connection ends: `reset` as when a process is killed, `close` as when it is asked to end. */
  readonly how?: "reset" | "close";
  /** Bytes of the body that are sent of those that are promised, 1,000 of 1,000,000 unless said. */
  readonly sent?: number;
  readonly promised?: number;
}

/** Dies in the midst of its response's body. */
export function cut(options: CutOptions = {}): PodFault {
  const { framing = "length", how = "reset", sent = 1000, promised = 1_000_000 } = options;
  const chunked = framing === "chunked";
  const frame = chunked ? "Transfer-Encoding: chunked" : `Content-Length: ${promised}`;
  const head = ["HTTP/1.1 200 OK", "Content-Type: text/plain", frame];
  const body = "x".repeat(sent);
  return {
    request({ request, socket }) {
      request.resume();
      const end = () => (how === "reset" ? abort(socket) : socket.destroySoon());
      // A reset may overtake what was sent before it: what is behind must have read that first.
      socket.write(bytes(head, chunked ? `${sent.toString(16)}\r\n${body}\r\n` : body), () =>
        setTimeout(end, 50),
      );
    },
  };
}
