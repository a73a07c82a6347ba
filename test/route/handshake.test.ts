import { describe, expect, it } from "vitest";
import { readFields } from "../../src/route/fields.ts";
import { isHandshake } from "../../src/route/handshake.ts";

const GOOD = {
  connection: "Upgrade",
  upgrade: "websocket",
  "sec-websocket-version": "13",
  "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
};

/** As a request with these headers over the good ones; null takes one away. */
function asks(change: Record<string, string | null>, init: { method?: string; body?: string } = {}): boolean {
  const headers = new Headers(GOOD);
  for (const [name, value] of Object.entries(change)) {
    if (value === null) headers.delete(name);
    else headers.set(name, value);
  }
  const { method = "GET", body = null } = init;
  const request = { method, headers, body: body === null ? null : new Response(body).body } as Request;
  return isHandshake(request, readFields(headers, false));
}

describe("a WebSocket handshake", () => {
  it("is what RFC 6455 says, in any case", () => {
    expect(asks({})).toBe(true);
    expect(asks({ upgrade: "WebSocket", connection: "keep-alive, upgrade" })).toBe(true);
    expect(asks({ connection: "Upgrade,keep-alive" })).toBe(true);
  });

  it("is nothing else: the runtime would make a handshake of its own of each of these", () => {
    expect(asks({}, { method: "POST" })).toBe(false);
    expect(asks({}, { body: "hello" })).toBe(false);
    expect(asks({ upgrade: "h2c" })).toBe(false);
    expect(asks({ upgrade: "websocket, h2c" })).toBe(false);
    for (const connection of [null, "keep-alive", "x-upgrade", "upgraded", "up grade"]) {
      expect(asks({ connection })).toBe(false);
    }
    for (const version of [null, "8", "013", "13, 8"]) {
      expect(asks({ "sec-websocket-version": version })).toBe(false);
    }
    for (const key of [null, "x", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ==, x"]) {
      expect(asks({ "sec-websocket-key": key })).toBe(false);
    }
  });
});
