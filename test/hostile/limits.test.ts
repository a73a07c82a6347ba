import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exchange } from "../../tools/hostile/client.ts";
import { type Recorder, startRecorder } from "../../tools/hostile/recorder.ts";
import { call } from "../support/client.ts";
import { type Stack, startStack } from "../support/stack.ts";

describe("how much a request may be", () => {
  /** Node's own server would refuse headers of 16 KB. */
  let pod: Recorder;
  let stack: Stack;
  const config = (url: string, more: object = {}) => ({
    version: 1,
    pools: { web: { pods: [{ id: "web-0", url }], affinity: "none" } },
    routes: [{ pool: "web" }],
    ...more,
  });
  beforeAll(async () => {
    pod = await startRecorder();
    stack = await startStack({ edges: 2, config: config(pod.url) });
  });
  afterAll(async () => {
    await stack?.stop();
    await pod.stop();
  });

  /** Status of a GET with these header lines besides Host. */
  async function status(target: string, lines: readonly string[], edge = 0): Promise<number> {
    const bytes = [`GET ${target} HTTP/1.1`, "Host: a", ...lines, "", ""].join("\r\n");
    const text = (await exchange(stack.edges[edge]!.port, bytes)) ?? "";
    return Number(text.split(" ")[1]);
  }
  const many = (count: number) => Array.from({ length: count }, (_, i) => `X-${i}: 1`);
  const WHOLE = 32 * 1024 - "Host: a\r\n".length - "X: \r\n".length;

  it("128 headers, 32 KiB of them and 8 KiB of url pass, and nothing above", async () => {
    const before = pod.arrivals.length;
    expect(await status("/", many(127))).toBe(200);
    expect(await status("/", [`X: ${"a".repeat(WHOLE)}`])).toBe(200);
    expect(await status(`/${"a".repeat(8191)}`, [])).toBe(200);
    expect(pod.arrivals.slice(before).map(({ message }) => message.target.length)).toEqual([1, 1, 8192]);
    expect(await status("/", many(128))).toBe(431);
    expect(await status("/", [`X: ${"a".repeat(WHOLE + 1)}`])).toBe(431);
    // The runtime joins those of one name, so they are one in number, but not in size.
    expect(
      await status(
        "/",
        Array.from({ length: 9000 }, () => "X: 1"),
      ),
    ).toBe(200);
    expect(
      await status(
        "/",
        Array.from({ length: 20_000 }, () => "X: 1"),
      ),
    ).toBe(431);
    expect(await status(`/?${"a".repeat(8191)}`, [])).toBe(414);
    expect(pod.arrivals.slice(before)).toHaveLength(4);
  });

  it("more, where the config says so", async () => {
    const limits = { headers: 500, headerBytes: 100_000, url: 20_000 };
    expect((await stack.put(config(pod.url, { limits }))).status).toBe(200);
    expect(await status("/", many(499))).toBe(200);
    expect(await status("/", many(500))).toBe(431);
    expect(await status("/", [`X: ${"a".repeat(99_000)}`])).toBe(200);
    expect(await status(`/${"a".repeat(19_000)}`, [])).toBe(200);
    expect(await status(`/${"a".repeat(20_000)}`, [])).toBe(414);
    const low = await stack.put(config(pod.url, { limits: { headers: 100, headerBytes: 1000, url: 100 } }));
    expect(low.status).toBe(422);
    const { errors } = JSON.parse(low.body) as { errors: { path: string }[] };
    expect(errors.map(({ path }) => path)).toEqual(["limits.headers", "limits.headerBytes", "limits.url"]);
  });

  it("a request that a pod's url leads back ends in its second round, and a config that names its own edge is refused", async () => {
    const [first, second] = stack.edges;
    // Each edge knows its own address alone.
    expect((await stack.put(config(first!.url), 0)).status).toBe(422);
    expect((await stack.put(config(first!.url), 1)).status).toBe(200);
    await expect.poll(() => status("/", []), { timeout: 10_000 }).toBe(508);
    const answer = await call(`${second!.url}/x`, { headers: { "x-forwarded-for": "6.6.6.6" } });
    expect(answer.status).toBe(508);
    expect(answer.headers["proxy-status"]).toBe("mooring; error=proxy_loop_detected");
    const rounds = async () => {
      const headers = { authorization: "Bearer admin-token-for-tests" };
      return (await call(`${first!.url}/_mooring/metrics`, { headers })).body;
    };
    // Counts travel with the heartbeat.
    await expect.poll(rounds, { timeout: 10_000 }).toContain('code="508"');
    expect(pod.arrivals.filter(({ message }) => message.target === "/x")).toEqual([]);
  });
});
