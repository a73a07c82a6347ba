import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Answer, decision, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { type Stack, startStack } from "../support/stack.ts";

const config = (pods: readonly TestPod[], more: object = {}) => ({
  version: 1,
  pools: { web: { pods: pods.map(({ id, url }) => ({ id, url })) } },
  explain: true,
  routes: [{ path: "/", pool: "web" }],
  ...more,
});

/** Runs `work` for each item, at most `width` at once. */
async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

describe("sessions over real workerd processes", () => {
  let pods: TestPod[];
  let stack: Stack;

  beforeAll(async () => {
    pods = await Promise.all(["web-0", "web-1", "web-2", "web-3"].map((id) => startPod(id)));
    stack = await startStack({ edges: 2, config: config(pods) });
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all(pods.map((pod) => pod.kill()));
  });

  it("keeps 300 clients on their pods; a pod that dies loses its clients, each once, and nobody else", async () => {
    const clients = Array.from({ length: 300 }, () => ({ jar: new Jar(), pods: [] as string[], errors: 0 }));
    const round = () =>
      inParallel(clients, 24, async (client) => {
        const answer = await client.jar.get(stack.url);
        if (answer.status === 200) client.pods.push(answer.body.trim());
        else client.errors++;
      });
    for (let i = 0; i < 10; i++) await round();
    const victim = pods[1]!;
    const before = clients.map((client) => client.pods.at(-1)!);
    await victim.kill();
    for (let i = 0; i < 10; i++) await round();
    await victim.revive();

    const moves = clients.map(
      (client) => client.pods.filter((pod, i) => i > 0 && pod !== client.pods[i - 1]).length,
    );
    expect(clients.reduce((sum, client) => sum + client.errors, 0)).toBe(0);
    const theirs = moves.filter((_, i) => before[i] === victim.id);
    const others = moves.filter((_, i) => before[i] !== victim.id);
    // 300 sids over 4 pods: fewer than 40 on one would be over 4.5 standard deviations off 75.
    expect(theirs.length).toBeGreaterThan(40);
    expect(new Set(theirs)).toEqual(new Set([1]));
    expect(new Set(others)).toEqual(new Set([0]));
  });

  it("keeps a session that was bound at one edge on its pod at the other", async () => {
    for (let i = 0; i < 20; i++) {
      const jar = new Jar();
      const bound = await jar.get(stack.edges[0]!.url);
      expect(decision(bound).outcome).toBe("bound");
      const kept = await jar.get(stack.edges[1]!.url);
      expect(decision(kept)).toMatchObject({ outcome: "kept", pod: bound.body.trim() });
    }
  });

  it("sends every edge's requests of a session to one pod after its pod died", async () => {
    const victim = pods[2]!;
    const jars: Jar[] = [];
    while (jars.length < 12) {
      const jar = new Jar();
      if ((await jar.get(stack.url)).body.trim() === victim.id) jars.push(jar);
    }
    await victim.kill();
    const answers = await Promise.all(
      jars.map(async (jar) => {
        // The same cookie at once, many times, at both edges: as a page with many parts would send it.
        const cookie = [...jar.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
        const once = (i: number) => new Jar().get(stack.edges[i % 2]!.url, { headers: { cookie } });
        return Promise.all(Array.from({ length: 16 }, (_, i) => once(i)));
      }),
    );
    await victim.revive();
    for (const of of answers) {
      expect(new Set(of.map((answer) => answer.status))).toEqual(new Set([200]));
      expect(new Set(of.map((answer) => answer.body)).size).toBe(1);
      expect(decision(of[0]!)).toMatchObject({ outcome: "moved", from: victim.id, cause: "pod-gone" });
    }
  });

  it("never moves a session for one reset of a pod that lives", async () => {
    let resets = 0;
    const moody = await startPod("moody", (request, response, pod) => {
      if (request.url === "/reset" && resets++ === 0) request.socket.resetAndDestroy();
      else response.end(`${pod.id}\n`);
    });
    const calm = await startPod("calm");
    const put = await stack.put(config([moody, calm]));
    expect(put.status).toBe(200);
    const jar = new Jar();
    while ((await jar.get(stack.url)).body.trim() !== "moody") jar.cookies.clear();
    const answer = await jar.get(`${stack.url}/reset`);
    expect(resets).toBeGreaterThan(0);
    expect(answer.body.trim()).toBe("moody");
    expect(decision(answer).outcome).toBe("kept");
    await stack.put(config(pods));
    await Promise.all([moody.kill(), calm.kill()]);
  });

  it("lets a POST reach one pod at most, and moves its session first when the pod is known to refuse", async () => {
    const victim = pods[3]!;
    const jar = new Jar();
    while ((await jar.get(stack.url)).body.trim() !== victim.id) jar.cookies.clear();
    const arrivals = () => pods.flatMap((pod) => pod.arrivals).filter((line) => line === "POST /pay").length;
    await victim.kill();
    const first = await jar.get(`${stack.url}/pay`, { method: "POST", body: "x=1" });
    expect(first.status).toBe(502);
    expect(first.headers["set-cookie"]).toBeUndefined();
    expect(arrivals()).toBe(0);
    const second = await jar.get(`${stack.url}/pay`, { method: "POST", body: "x=1" });
    expect(second.status).toBe(200);
    expect(decision(second)).toMatchObject({ outcome: "moved", from: victim.id });
    expect(arrivals()).toBe(1);
    await victim.revive();
  });

  it("obeys a PUT at the edge that served it at once, and at the other within 10 s", async () => {
    const rest = pods.slice(0, 2);
    expect((await stack.put(config(rest), 0)).status).toBe(200);
    const fresh = async (edge: number) => decision(await new Jar().get(stack.edges[edge]!.url)).revision;
    const revision = await fresh(0);
    const deadline = Date.now() + 10_000;
    let other = await fresh(1);
    while (other !== revision && Date.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      other = await fresh(1);
    }
    expect(other).toBe(revision);
    await stack.put(config(pods), 1);
  });

  it("moves the sessions of a pod that was taken out of the config, says so, and no others", async () => {
    const jars = await Promise.all(
      Array.from({ length: 40 }, async () => {
        const jar = new Jar();
        return { jar, pod: (await jar.get(stack.url)).body.trim() };
      }),
    );
    expect((await stack.put(config(pods.slice(1)))).status).toBe(200);
    for (const { jar, pod } of jars) {
      const answer = await jar.get(stack.url);
      if (pod === "web-0") {
        expect(decision(answer)).toMatchObject({ outcome: "moved", from: "web-0", cause: "config-change" });
      } else expect(answer.body.trim()).toBe(pod);
    }
    await stack.put(config(pods));
  });

  it("says nothing of pods without explain, in any byte", async () => {
    const secretive = await Promise.all(
      ["pod-alpha", "pod-beta"].map((id) =>
        startPod(id, (request, response) => {
          const { host } = request.headers;
          response.setHeader("location", `http://${host}/next`);
          response.setHeader("set-cookie", [`a=1; Domain=127.0.0.1`, "b=2"]);
          response.writeHead(302).end("moved\n");
        }),
      ),
    );
    await stack.put(config(secretive, { explain: false }));
    const seen: Answer[] = [];
    const jar = new Jar();
    for (let i = 0; i < 5; i++) seen.push(await jar.get(stack.url));
    await secretive[0]!.kill();
    await secretive[1]!.kill();
    for (const path of ["/", "/x?y"]) seen.push(await jar.get(stack.url + path));
    seen.push(await jar.get(stack.url, { method: "POST", body: "x" }));
    const bytes = seen.map((answer) => answer.raw.join("\n") + answer.body).join("\n");
    for (const { id, port } of secretive) {
      expect(bytes).not.toContain(id);
      expect(bytes).not.toContain(String(port));
    }
    expect(bytes.toLowerCase()).not.toContain("mooring-decision");
    await stack.put(config(pods));
  });
});
