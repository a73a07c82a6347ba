import type { Socket } from "node:net";

/** A reset, unless an orderly end has begun: after that libuv refuses a reset, and the socket would never be closed. */
export function abort(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else socket.resetAndDestroy();
}
