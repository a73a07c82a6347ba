import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { ADMIN, type Stack, startStack } from "../support/stack.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

interface ListedPod {
  readonly id: string;
  readonly state: string;
  readonly health: {
    readonly probes: Readonly<Record<string, { readonly state: string }>>;
    readonly history: readonly { readonly check: string; readonly state: string }[];
  };
}

describe("startup and liveness probes by the coordinator", () => {
  let pods: TestPod[];
  /** Serves the liveness of both behind a port of its own. */
  let side: TestPod;
  let stack: Stack;
  let started = false;
  let alive = true;

  const config = (health: object) => {
    const web = { pods: pods.map(({ id, url }) => ({ id, url: `${url}/base` })), health };
    return { version: 1, explain: true, pools: { web }, routes: [{ pool: "web" }] };
  };
  const startup = { path: "/started?deep=1", period: "200ms", failure: 3, headers: { "X-Probe": "yes" } };

  beforeAll(async () => {
    pods = await Promise.all(
      ["web-0", "web-1"].map((id) =>
        startPod(id, (request, response) => {
          const probe = request.url === "/base/started?deep=1";
          const fine =
            probe && request.headers["x-probe"] === "yes" && request.headers["user-agent"] === "mine";
          response.writeHead(probe && !(fine && (started || id === "web-1")) ? 503 : 200).end(id);
        }),
      ),
    );
    side = await startPod("side", (request, response) => {
      response.writeHead(request.url === "/live" && alive ? 302 : 500, { location: "/nowhere" }).end();
    });
    stack = await startStack({ config: config({}) });
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all([...pods, side].map((pod) => pod.kill()));
  });

  async function listed(id: string): Promise<ListedPod> {
    const headers = { authorization: `Bearer ${ADMIN}` };
    const { body } = await call(`${stack.url}/_mooring/v1/pools/web/pods`, { headers });
    return (JSON.parse(body) as { pods: ListedPod[] }).pods.find((pod) => pod.id === id)!;
  }

  const fresh = async () =>
    Promise.all(Array.from({ length: 12 }, async () => (await new Jar().get(stack.url)).body));

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + 30_000; !(await isSo()); await pause(100)) {
      if (Date.now() > deadline) throw new Error("it never came about");
    }
  }

  it("hold a pod out until it has started, and a failed start takes its sessions", async () => {
    const jar = new Jar();
    while ((await jar.get(stack.url)).body !== "web-0") jar.cookies.clear();
    const headers = { ...startup.headers, "User-Agent": "mine" };
    // So many failures that it does not come to that.
    expect((await stack.put(config({ startup: { ...startup, headers, failure: 1000 } }))).status).toBe(200);
    await until(async () => (await listed("web-1")).state === "ready");
    expect((await listed("web-0")).state).toBe("starting");
    await until(async () => !(await fresh()).includes("web-0"));
    expect(decision(await jar.get(stack.url))).toMatchObject({ outcome: "kept", pod: "web-0" });

    expect((await stack.put(config({ startup: { ...startup, headers } }))).status).toBe(200);
    await until(async () => (await listed("web-0")).state === "failed");
    await until(async () => decision(await jar.get(stack.url)).pod === "web-1");
    await until(async () => (await ledger()).includes("pod-unhealthy"));

    started = true;
    await until(async () => (await listed("web-0")).state === "ready");
    await until(async () => (await fresh()).includes("web-0"));
    const { history } = (await listed("web-0")).health;
    expect(history.map(({ check, state }) => `${check} ${state}`)).toEqual([
      "startup started",
      "startup failed",
    ]);
  });

  it("show what liveness says, at a port and by a redirect of its own, and it moves nobody", async () => {
    const liveness = { path: "/live", port: side.port, period: "200ms", failure: 2 };
    expect((await stack.put(config({ liveness }))).status).toBe(200);
    await until(async () => side.arrivals.length >= 4);
    expect(side.arrivals.every((arrival) => arrival === "GET /live")).toBe(true);
    expect((await listed("web-0")).health.probes).toEqual({ liveness: { state: "live", since: null } });
    const jar = new Jar();
    const { body: at } = await jar.get(stack.url);
    alive = false;
    await until(async () => (await listed(at)).health.probes.liveness?.state === "failing");
    const answer = await jar.get(stack.url);
    expect([answer.body, decision(answer).outcome]).toEqual([at, "kept"]);
    expect((await listed(at)).state).toBe("ready");
  });

  async function ledger(): Promise<string> {
    const headers = { authorization: `Bearer ${ADMIN}` };
    return (await call(`${stack.url}/_mooring/v1/ledger`, { headers })).body;
  }
});
