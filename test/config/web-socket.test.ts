import { expect, it } from "vitest";
import { compile } from "../../src/config/compile.ts";
import { parseConfig } from "../../src/config/parse.ts";

const read = (webSocket: string) =>
  parseConfig(`version: 1\npools: { web: { pods: [], webSocket: ${webSocket} } }\nroutes: [{ pool: web }]\n`);

async function compiled(webSocket: string) {
  const parsed = read(webSocket);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  expect(parsed.notices.filter(({ path }) => path.startsWith("webSocket"))).toEqual([]);
  const digest = (data: Uint8Array<ArrayBuffer>) => crypto.subtle.digest("SHA-256", data);
  return (await compile(parsed.config, 1, digest)).pools[0]!.webSocket;
}

it("webSocket is acted on, with its defaults", async () => {
  expect(await compiled("{ onDrain: close }")).toEqual({ onDrain: "close", jitter: 5000 });
  expect(await compiled("{ onDrain: close, jitter: 1m }")).toEqual({ onDrain: "close", jitter: 60_000 });
  expect(await compiled("{}")).toEqual({ onDrain: "leave", jitter: 5000 });
});

it("webSocket says what is wrong with it", () => {
  const errors = (webSocket: string) => {
    const parsed = read(webSocket);
    return parsed.ok ? [] : parsed.errors.map(({ path }) => path);
  };
  expect(errors("{ onDrain: kill }")).toEqual(["pools.web.webSocket.onDrain"]);
  expect(errors("{ jitter: 0s }")).toEqual(["pools.web.webSocket.jitter"]);
  expect(errors("{ jitter: 11m }")).toEqual(["pools.web.webSocket.jitter"]);
  expect(errors("{ drain: close }")).toEqual(["pools.web.webSocket.drain"]);
});
