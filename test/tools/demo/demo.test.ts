import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { afterEach, expect, test } from "vitest";
import { startControl } from "../../../tools/demo/control.ts";
import { startDemo } from "../../../tools/demo/demo.ts";
import { freePorts } from "../../../tools/demo/ports.ts";
import { runs, until } from "./until.ts";

const NOWHERE = "http://127.0.0.1:9";
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

interface Config {
  version: number;
  explain: boolean;
  routes: object[];
  pools: Record<string, { affinity: unknown[]; pods: { id: string; url: string }[] }>;
}

/** Whether something listens at a URL of the demo. */
function listens(url: string): Promise<boolean> {
  return fetch(`${url}/ready`).then(
    async (response) => (await response.arrayBuffer()) !== undefined,
    () => false,
  );
}

test("the config routes /demo to the control server and all else to the pods", async () => {
  const demo = await startDemo({ pods: 4, edge: NOWHERE });
  ends.push(() => demo.stop());
  const config = demo.config as Config;
  expect(config).toMatchObject({
    version: 1,
    explain: true,
    routes: [
      { path: "/demo", pool: "demo" },
      { path: "/", pool: "web" },
    ],
  });
  const { web, demo: control } = config.pools;
  expect(web!.pods.map((pod) => pod.id)).toEqual(["web-0", "web-1", "web-2", "web-3"]);
  expect(control).toMatchObject({ affinity: ["none"], pods: [{ id: "control" }] });
  for (const pod of web!.pods) {
    const answer = await fetch(`${pod.url}/whoami`);
    expect(await answer.json()).toMatchObject({ pod: pod.id });
  }
});

test("stop leaves nothing listening", async () => {
  const demo = await startDemo({ pods: 3, edge: NOWHERE });
  const urls = Object.values((demo.config as Config).pools).flatMap((pool) =>
    pool.pods.map((pod) => pod.url),
  );
  expect(await Promise.all(urls.map(listens))).toEqual([true, true, true, true]);
  await demo.stop();
  expect(await Promise.all(urls.map(listens))).toEqual([false, false, false, false]);
});

test("stop leaves no process, also while a pod is starting, and nothing starts after it", async () => {
  const control = await startControl({ ports: await freePorts(2), edge: NOWHERE });
  await control.fleet.start();
  await control.fleet.kill("web-1");
  const reviving = control.fleet.revive("web-1");
  expect(control.fleet.state().pods[1]!.status).toBe("starting");
  const pids = control.fleet.pids();
  expect(pids).toHaveLength(2);
  await control.stop();
  expect((await reviving).status).toBe(500);
  expect(pids.filter(runs)).toEqual([]);
  expect((await control.fleet.revive("web-1")).status).toBe(500);
  expect(control.fleet.pids()).toEqual([]);
});

test("a pod whose port is taken says so, and the demo that cannot start leaves nothing behind", async () => {
  const [port] = await freePorts(1);
  const squatter = createServer().listen(port, "127.0.0.1");
  ends.push(() => new Promise((resolve) => squatter.close(resolve)));
  const control = await startControl({ ports: [port!], edge: NOWHERE });
  ends.push(() => control.stop());
  await expect(control.fleet.start()).rejects.toThrow(/web-0 did not start on port \d+: .*EADDRINUSE/);
  expect(control.fleet.state().pods[0]!.status).toBe("dead");
});

test("a pod that ends by itself is noticed", async () => {
  const control = await startControl({ ports: await freePorts(1), edge: NOWHERE });
  ends.push(() => control.stop());
  await control.fleet.start();
  process.kill(control.fleet.pids()[0]!, "SIGTERM");
  const now = await until(() => {
    const state = control.fleet.state();
    return state.pods[0]!.status === "dead" && state;
  });
  expect(now.happened[0]!.text).toBe("web-0 ended by itself");
  expect(now.kills).toEqual([]);
});

test("pods end with their parent, even when it is killed", async () => {
  const script = fileURLToPath(new URL("./demo-script.ts", import.meta.url));
  const parent = spawn(process.execPath, ["--disable-warning=ExperimentalWarning", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  ends.push(async () => parent.kill("SIGKILL"));
  let text = "";
  for await (const chunk of parent.stdout as AsyncIterable<Buffer>) {
    text += chunk.toString("utf8");
    if (text.includes("\n")) break;
  }
  const urls = (JSON.parse(text) as Config).pools.web!.pods.map((pod) => pod.url);
  expect(await Promise.all(urls.map(listens))).toEqual([true, true]);
  parent.kill("SIGKILL");
  await until(async () => !(await Promise.all(urls.map(listens))).includes(true));
});
