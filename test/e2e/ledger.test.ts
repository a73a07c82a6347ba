import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { ADMIN, type Stack, startStack } from "../support/stack.ts";

describe("what is counted as a break", () => {
  let pods: TestPod[];
  let stack: Stack;

  beforeAll(async () => {
    pods = await Promise.all(["web-0", "web-1"].map((id) => startPod(id)));
    const listed = pods.map(({ id, url }) => ({ id, url }));
    stack = await startStack({
      edges: 2,
      config: { version: 1, explain: true, pools: { web: { pods: listed } }, routes: [{ pool: "web" }] },
    });
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  const headers = { authorization: `Bearer ${ADMIN}` };
  const metrics = async () => (await call(`${stack.url}/_mooring/metrics`, { headers })).body;
  const broken = (text: string) =>
    [...text.matchAll(/^mooring_sessions_broken_total\{cause="([a-z-]+)"\} ([0-9]+)$/gm)].map(
      ([, cause, count]) => [cause, Number(count)],
    );
  const requests = (text: string) =>
    [...text.matchAll(/^mooring_requests_total\{.*\} ([0-9]+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );

  /** The metrics once they count this many client requests. */
  async function reported(total: number): Promise<string> {
    const deadline = Date.now() + 15_000;
    for (;;) {
      const text = await metrics();
      if (requests(text) >= total || Date.now() > deadline) return text;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  let sent = 0;
  const get = (jar: Jar, edge = 0) => {
    sent++;
    return jar.get(stack.edges[edge]!.url);
  };

  /**
   * Until both pods take new sessions: an edge that the coordinator has not answered yet keeps its own from a pod that
   * refused for 5 s, in which all thirty sessions once began at the other.
   */
  async function bothTake(): Promise<void> {
    const taken = new Set<string>();
    for (const deadline = Date.now() + 15_000; taken.size < pods.length; ) {
      if (Date.now() > deadline) throw new Error(`only ${[...taken]} took a new session`);
      taken.add((await get(new Jar())).body.trim());
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  it("is nothing while no pod can be reached: twenty were counted once for a session that never moved", async () => {
    const jar = new Jar();
    const home = (await get(jar)).body.trim();
    await Promise.all(pods.map((pod) => pod.kill()));
    for (let i = 0; i < 10; i++) expect((await get(jar)).status).toBe(503);
    await Promise.all(pods.map((pod) => pod.revive()));
    const back = await get(jar);
    expect(decision(back)).toMatchObject({ outcome: "kept", pod: home });
    const text = await reported(sent);
    expect(requests(text)).toBe(sent);
    expect(broken(text)).toEqual([]);
  });

  it("is each session of a dead pod, once, though both edges saw it move", async () => {
    await bothTake();
    const jars = Array.from({ length: 30 }, () => new Jar());
    const homes = new Map<Jar, string>();
    for (const jar of jars) homes.set(jar, (await get(jar)).body.trim());
    await pods[0]!.kill();
    for (const jar of jars) {
      const stale = new Jar();
      for (const [name, value] of jar.cookies) stale.cookies.set(name, value);
      await Promise.all([get(jar, 0), get(stale, 1)]);
    }
    await pods[0]!.revive();
    const theirs = [...homes.values()].filter((home) => home === "web-0").length;
    expect(theirs).toBeGreaterThan(0);
    const text = await reported(sent);
    expect(requests(text)).toBe(sent);
    expect(broken(text)).toEqual([["pod-gone", theirs]]);
  });
});
