import type { Fields } from "./fields.ts";

/**
 * Whether a request asks for a WebSocket as RFC 6455, section 4.2.1 has it. Of whatever else says `Upgrade: websocket`, a
 * POST or another version, the runtime would make a good handshake of its own; such a request goes on without Upgrade.
 */
export function isHandshake({ method, body, headers }: Request, { upgrade, connection }: Fields): boolean {
  return (
    method === "GET" &&
    body === null &&
    upgrade?.toLowerCase() === "websocket" &&
    /(?:^|,)\s*upgrade\s*(?:,|$)/i.test(connection ?? "") &&
    headers.get("sec-websocket-version") === "13" &&
    /^[A-Za-z0-9+/]{22}==$/.test(headers.get("sec-websocket-key") ?? "")
  );
}
