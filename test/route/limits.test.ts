import { describe, expect, it } from "vitest";
import { TestEdge } from "../support/edge.ts";

const config = {
  version: 1,
  pools: { web: { pods: [{ id: "web-0", url: "http://10.0.0.7" }] } },
  routes: [{ path: "/", pool: "web" }],
};
const edgeWith = (more: object) => TestEdge.start({ config: { ...config, ...more } });
const filler = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`x-${i}`, "1"] as const));

describe("what is too large to be forwarded", () => {
  it("takes 128 headers, 32 KiB of them and 8 KiB of url, and nothing above", async () => {
    const edge = await edgeWith({});
    const status = async (path: string, headers: Record<string, string>) =>
      (await edge.ask(`http://a.test${path}`, { headers })).status;
    expect(await status("/", filler(128))).toBe(200);
    expect(await status("/", filler(129))).toBe(431);
    expect(await status("/", { x: "a".repeat(32 * 1024 - 5) })).toBe(200);
    expect(await status("/", { x: "a".repeat(32 * 1024 - 4) })).toBe(431);
    expect(await status(`/${"a".repeat(8 * 1024 - 1)}`, {})).toBe(200);
    expect(await status(`/?${"a".repeat(8 * 1024 - 1)}`, {})).toBe(414);
    expect(edge.shipped).toHaveLength(3);
  });

  it("takes what the config says instead, and says in the answer which it was", async () => {
    const edge = await edgeWith({ limits: { headers: 200, headerBytes: 40_000, url: 10_000 } });
    const ask = (path: string, headers: Record<string, string>) =>
      edge.ask(`http://a.test${path}`, { headers });
    expect((await ask("/", filler(200))).status).toBe(200);
    const many = await ask("/", filler(201));
    expect([many.status, many.headers.get("content-type")]).toEqual([431, "application/problem+json"]);
    expect(await many.json()).toMatchObject({ status: 431, code: "large-headers" });
    const long = await ask(`/${"a".repeat(10_000)}`, {});
    expect(await long.json()).toMatchObject({ status: 414, code: "long-url" });
    expect(long.headers.get("proxy-status")).toBe("mooring; error=http_request_error");
  });
});

describe("a request that comes round", () => {
  it("ends at its second arrival here, and a deployment may stand behind another", async () => {
    const edge = await edgeWith({});
    const ask = (loop: string) => edge.ask("http://a.test/", { headers: { "cdn-loop": loop } });
    const { loopMark } = edge.edge;
    for (const loop of [loopMark, `cdn.example, ${loopMark}`, "mooring", "MOORING ; ID=00000000, x"]) {
      const answer = await ask(loop);
      expect([answer.status, answer.headers.get("proxy-status")], loop).toEqual([
        508,
        "mooring; error=proxy_loop_detected",
      ]);
    }
    for (const loop of ["", "cloudflare; loops=1", "mooring;id=ffffffff", "mooringx"]) {
      expect((await ask(loop)).status, loop).toBe(200);
    }
    expect(new Headers(edge.shipped.at(-1)?.headers).get("cdn-loop")).toBe(`mooringx, ${loopMark}`);
  });
});
