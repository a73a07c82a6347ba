import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { type Stack, startStack } from "../support/stack.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

describe("readiness probes by the coordinator", () => {
  let pods: TestPod[];
  let stack: Stack;
  /** How pods answer probes: `pass`, `fail` with 503, or `reset` as if no way led to them. */
  let mode: "pass" | "fail" | "reset" = "pass";
  let failing = "";

  const config = (gates: "new" | "all") => ({
    version: 1,
    explain: true,
    pools: {
      web: {
        pods: pods.map(({ id, url }) => ({ id, url })),
        health: { readiness: { path: "/ready", period: "1s", timeout: "1s", failure: 2, gates } },
      },
    },
    routes: [{ pool: "web" }],
  });

  beforeAll(async () => {
    pods = await Promise.all(
      ["web-0", "web-1", "web-2"].map((id) =>
        startPod(id, (request, response, pod) => {
          const probe = request.headers["user-agent"] === "mooring-probe";
          if (!probe || mode === "pass" || (failing !== "" && failing !== id)) response.end(pod.id);
          else if (mode === "reset") request.socket.resetAndDestroy();
          else response.writeHead(503).end();
        }),
      ),
    );
    stack = await startStack({ config: config("new") });
    await pause(2500);
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  async function bound(to: string): Promise<Jar> {
    const jar = new Jar();
    while ((await jar.get(stack.url)).body !== to) jar.cookies.clear();
    return jar;
  }

  it("take a pod that is not ready out of new sessions, and leave it those that it has", async () => {
    const jar = await bound("web-0");
    mode = "fail";
    failing = "web-0";
    // An edge that hears of no request hears of nothing else either, for up to 10 s: so there are some all the while.
    const fresh = async () => (await new Jar().get(stack.url)).body;
    for (let row = 0, deadline = Date.now() + 30_000; row < 20; ) {
      row = (await fresh()) === "web-0" ? 0 : row + 1;
      if (Date.now() > deadline) throw new Error("web-0 is never out of new sessions");
      await pause(50);
    }
    for (let i = 0; i < 20; i++) expect((await new Jar().get(stack.url)).body).not.toBe("web-0");
    expect(decision(await jar.get(stack.url))).toMatchObject({ outcome: "kept", pod: "web-0" });
    mode = "pass";
    failing = "";
    await pause(3000);
    await bound("web-0");
  });

  it("move nobody when the coordinator alone cannot reach the pods: all got 503 once", async () => {
    const jars = await Promise.all(["web-0", "web-1", "web-2"].map(bound));
    mode = "reset";
    const seen: Answer[] = [];
    for (let i = 0; i < 12; i++) {
      for (const jar of jars) seen.push(await jar.get(stack.url));
      seen.push(await new Jar().get(stack.url));
      await pause(500);
    }
    expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([200]));
    expect(seen.filter((answer) => decision(answer).outcome === "moved")).toEqual([]);
    mode = "pass";
    await pause(2500);
  });

  it("under gates: all with no pod ready, send nobody around in circles", async () => {
    expect((await stack.put(config("all"))).status).toBe(200);
    await pause(2500);
    const jar = await bound("web-1");
    mode = "fail";
    await pause(4500);
    for (let i = 0; i < 5; i++) {
      const answer = await jar.get(stack.url);
      expect(decision(answer)).toMatchObject({ outcome: "kept", pod: "web-1" });
      expect(answer.headers["set-cookie"]).toBeUndefined();
    }
    mode = "pass";
  });

  it("find a dead pod that nobody asks, and its sessions move at the first request after", async () => {
    await stack.put(config("new"));
    await pause(2500);
    const jar = await bound("web-2");
    await pods[2]!.kill();
    await pause(5500);
    await call(stack.url);
    await pause(1500);
    const moved = await jar.get(stack.url, { method: "POST", body: "x" });
    expect(moved.status).toBe(200);
    expect(decision(moved)).toMatchObject({ outcome: "moved", from: "web-2", cause: "pod-gone" });
    await pods[2]!.revive();
  });
});
