import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";

/** RFC 6455, 1.3. */
const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 1;
const CLOSE = 8;

/** Shakes hands, says the pod's id in a text frame, sends small texts back, and answers a close with it. */
export function echo(id: string, request: IncomingMessage, socket: Socket): void {
  const key = `${request.headers["sec-websocket-key"]}${GUID}`;
  const accept = createHash("sha1").update(key).digest("base64");
  const head = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade"];
  socket.write([...head, `Sec-WebSocket-Accept: ${accept}`, "", ""].join("\r\n"));
  socket.write(frame(TEXT, Buffer.from(id)));
  let rest = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    rest = Buffer.concat([rest, chunk]);
    // Clients mask; frames of up to 125 bytes have their length in one byte.
    while (rest.length >= 6 && rest.length >= 6 + (rest[1]! & 127)) {
      const end = 6 + (rest[1]! & 127);
      const mask = rest.subarray(2, 6);
      const payload = rest.subarray(6, end).map((byte, i) => byte ^ mask[i % 4]!);
      const kind = rest[0]! & 15;
      if (kind === CLOSE) socket.end(frame(CLOSE, Buffer.from(payload)));
      else if (kind === TEXT) socket.write(frame(TEXT, Buffer.concat([Buffer.from("echo "), payload])));
      rest = rest.subarray(end);
    }
  });
}

const frame = (kind: number, payload: Buffer) =>
  Buffer.concat([Buffer.from([0x80 | kind, payload.length]), payload]);
