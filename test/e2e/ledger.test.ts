import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { call, decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { ADMIN, type Stack, startStack } from "../support/stack.ts";

describe("what is counted as a break", () => {
  let pods: TestPod[];
  let stack: Stack;

  let sent: number;

  // An edge avoids a pod that refused for up to 5 s, whatever it answers since: thirty new sessions once all went to the
  // other, in the test that follows one in which both were dead.
  beforeEach(async () => {
    sent = 0;
    pods = await Promise.all(["web-0", "web-1"].map((id) => startPod(id)));
    const listed = pods.map(({ id, url }) => ({ id, url }));
    stack = await startStack({
      edges: 2,
      config: { version: 1, explain: true, pools: { web: { pods: listed } }, routes: [{ pool: "web" }] },
    });
  });
  afterEach(async () => {
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

  const get = (jar: Jar, edge = 0) => {
    sent++;
    return jar.get(stack.edges[edge]!.url);
  };

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
