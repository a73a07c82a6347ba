import { abort } from "../abort.ts";
import type { PodFault } from "./fault.ts";

export interface KillWebSocketOptions {
  /** `now`: those that are open, and each new one once it has shaken hands. `message`: when its client says something. */
  readonly when?: "now" | "message";
}

/** Resets WebSockets, without a close frame. */
export function killWebSocket({ when = "now" }: KillWebSocketOptions = {}): PodFault {
  if (when === "message") {
    return { webSocket: (socket) => void socket.prependOnceListener("data", () => abort(socket)) };
  }
  return {
    begin(levers) {
      for (const socket of levers.webSockets()) abort(socket);
    },
    webSocket: (socket) => void setImmediate(() => abort(socket)),
  };
}
