import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, call, decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { ADMIN, type Stack, startStack } from "../support/stack.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface ListedPod {
  readonly id: string;
  readonly state: string;
  readonly inFlight: number;
  readonly health: {
    readonly ejected: { readonly until: number | null; readonly times: number };
    readonly history: readonly { readonly check: string; readonly state: string }[];
  };
}

describe("pods that fail while others do not", () => {
  let pods: TestPod[];
  let stack: Stack;
  /** The pod that answers 500 to everything, and the one that resets the next request. */
  let failing = "";
  let resetting = "";

  beforeAll(async () => {
    pods = await Promise.all(
      ["web-0", "web-1", "web-2"].map((id) =>
        startPod(id, (request, response) => {
          if (resetting === id) {
            resetting = "";
            request.socket.resetAndDestroy();
          } else response.writeHead(failing === id ? 500 : 200).end(id);
        }),
      ),
    );
    // Ejected for long enough to look at it, and not for half a minute.
    const health = { outlier: { consecutive5xx: 0, baseEjection: "4s", interval: "1s" } };
    const web = { pods: pods.map(({ id, url }) => ({ id, url })), health };
    stack = await startStack({
      config: { version: 1, explain: true, pools: { web }, routes: [{ pool: "web" }] },
    });
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

  const fresh = async (count: number) =>
    Promise.all(Array.from({ length: count }, async () => (await new Jar().get(stack.url)).body));

  async function listed(id: string): Promise<ListedPod> {
    const headers = { authorization: `Bearer ${ADMIN}` };
    const { body } = await call(`${stack.url}/_mooring/v1/pools/web/pods`, { headers });
    return (JSON.parse(body) as { pods: ListedPod[] }).pods.find((pod) => pod.id === id)!;
  }

  /** Until it is so, however long a busy machine takes; new sessions come all the while, as edges tell by what they see. */
  async function until(isSo: (bodies: string[]) => boolean | Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 30_000; ; ) {
      if (await isSo(await fresh(12))) return;
      if (Date.now() > deadline) throw new Error("it never came about");
      await pause(100);
    }
  }

  it("get no new sessions, keep those that they have, and come back when they are well", async () => {
    const jar = await bound("web-0");
    const held = new Map(jar.cookies);
    failing = "web-0";
    await until(async () => {
      const { state, health } = await listed("web-0");
      return state === "ejected" && (health.ejected.until ?? 0) > Date.now();
    });
    await until((bodies) => !bodies.includes("web-0"));
    const seen: Answer[] = [];
    for (let i = 0; i < 4; i++) seen.push(await jar.get(stack.url, { method: i % 2 === 0 ? "GET" : "POST" }));
    expect(seen.map(({ status }) => status)).toEqual([500, 500, 500, 500]);
    expect(seen.map((answer) => decision(answer).outcome)).toEqual(["kept", "kept", "kept", "kept"]);

    failing = "";
    await until((bodies) => bodies.includes("web-0"));
    await until(async () => (await listed("web-0")).state === "ready");
    const last = await jar.get(stack.url);
    expect([last.status, last.body, decision(last).outcome]).toEqual([200, "web-0", "kept"]);
    expect(jar.cookies).toEqual(held);
    const { history, ejected } = (await listed("web-0")).health;
    expect(history.slice(0, 2).map(({ check, state }) => `${check} ${state}`)).toEqual([
      "ejection returned",
      "ejection ejected",
    ]);
    expect(ejected.until).toBeNull();
  });

  it("are none of those that reset one connection, and it moves no session", async () => {
    const jar = await bound("web-1");
    const before = (await listed("web-1")).health;
    resetting = "web-1";
    const got = await jar.get(stack.url);
    expect([got.status, got.body, decision(got).outcome]).toEqual([200, "web-1", "kept"]);
    resetting = "web-1";
    const posted = await jar.get(stack.url, { method: "POST" });
    expect(posted.status).toBe(502);
    const after = await jar.get(stack.url, { method: "POST" });
    expect([after.status, after.body, decision(after).outcome]).toEqual([200, "web-1", "kept"]);
    // Edges have told of it by then: what is suspected is so for a second.
    await until((bodies) => bodies.includes("web-1"));
    expect((await listed("web-1")).health).toEqual(before);
  });
});
