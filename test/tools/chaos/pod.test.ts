import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { duplicates } from "../../../tools/chaos/pod/arrivals.ts";
import { POD_FAULTS } from "../../../tools/chaos/pod/index.ts";
import { type FaultyPod, startFaultyPod } from "../../../tools/chaos/pod/pod.ts";
import { ask, get, type PodCase, podFaultContract } from "./pod-contract.ts";

const CASES: PodCase[] = [
  ["close", undefined, { text: /^$/, end: "closed" }],
  ["cut", undefined, { text: /Content-Length: 1000000\r\n\r\nx{1000}$/, end: "ECONNRESET" }],
  ["cut", { framing: "chunked", how: "close", sent: 3 }, { text: /\r\n\r\n3\r\nxxx\r\n$/, end: "closed" }],
  ["flap", undefined, { text: /^HTTP\/1.1 503 /, end: "open" }],
  ["garbage", { text: "no HTTP" }, { text: /^no HTTP$/, end: "closed" }],
  ["hang", undefined, { text: /^$/, end: "open" }],
  ["kill-web-socket", undefined, { text: /\r\n\r\nweb-0\n$/, end: "open" }],
  [
    "length-and-chunked",
    undefined,
    { text: /Content-Length[\s\S]*Transfer-Encoding[\s\S]*smuggled$/, end: "open" },
  ],
  ["refuse", undefined, { text: /^$/, end: "ECONNREFUSED", arrivals: 0 }],
  ["reset", undefined, { text: /^$/, end: "ECONNRESET" }],
  ["slow-body", { ms: 5 }, { text: /\r\n\r\nx{400}$/, end: "open" }],
  ["slow-headers", { ms: 10, jitter: 5 }, { text: /\r\n\r\nweb-0\n$/, end: "open" }],
  ["status", undefined, { text: /^HTTP\/1.1 503 [\s\S]*has a fault\n$/, end: "open" }],
  ["two-lengths", undefined, { text: /Content-Length: 2\r\nContent-Length: [\s\S]*smuggled$/, end: "open" }],
  ["unanswered-syn", undefined, { text: /^$/, end: "open", arrivals: 0 }],
];

for (const one of CASES) podFaultContract(one);

it("every fault of a pod has a line above", () => {
  expect([...new Set(CASES.map(([name]) => name))].sort()).toEqual(Object.keys(POD_FAULTS).sort());
});

describe("a pod with faults", () => {
  let pod: FaultyPod;
  beforeAll(async () => {
    pod = await startFaultyPod("web-0");
  });
  afterEach(() => pod.clear());
  afterAll(() => pod.stop());

  const statusOf = async (path = "/", method = "GET") =>
    Number((await ask(pod.port, get(path, "", method))).text.slice(9, 12));

  it("hits only the methods, paths, share and number of requests that it is told to", async () => {
    await pod.injectFor({ methods: ["POST"], path: "/pay" }, "status");
    expect([await statusOf("/pay"), await statusOf("/", "POST"), await statusOf("/pay/1", "POST")]).toEqual([
      200, 200, 503,
    ]);
    await pod.clear();
    const twice = await pod.injectFor({ times: 2 }, "status", { status: 500 });
    expect([await statusOf(), await statusOf(), await statusOf()]).toEqual([500, 500, 200]);
    expect(twice.hits).toBe(2);
    await pod.clear();
    const some = await pod.injectFor({ share: 0.5 }, "status");
    await Promise.all(Array.from({ length: 40 }, () => statusOf()));
    // Of 40 fair draws, fewer than 8 of a kind would be over 3.7 standard deviations off 20.
    expect(some.hits).toBeGreaterThan(8);
    expect(some.hits).toBeLessThan(32);
  });

  it("puts one fault behind another, and flaps by runs", async () => {
    await pod.injectFor({ path: "/ready" }, "flap", { every: 2 });
    await pod.inject("slow-headers", { ms: 1 });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push(await statusOf("/ready"));
    expect(statuses).toEqual([503, 503, 200, 200, 503, 503]);
    expect(await statusOf()).toBe(200);
  });

  it("kills WebSockets: those that are open, new ones, or at a message", async () => {
    const dial = () => new WebSocket(pod.url.replace("http", "ws"));
    const heard = async (socket: WebSocket) =>
      String(((await once(socket, "message")) as [MessageEvent])[0].data);
    const before = dial();
    expect(await heard(before)).toBe("web-0");
    before.send("hello");
    expect(await heard(before)).toBe("echo hello");
    const codeOf = async (socket: WebSocket) => ((await once(socket, "close")) as [CloseEvent])[0].code;
    const killed = codeOf(before);
    await pod.inject("kill-web-socket");
    expect(await killed).toBe(1006);
    expect(await codeOf(dial())).toBe(1006);
    await pod.clear();
    await pod.inject("kill-web-socket", { when: "message" });
    const talker = dial();
    await heard(talker);
    talker.send("x");
    expect(await codeOf(talker)).toBe(1006);
    await pod.clear();
    const polite = dial();
    await heard(polite);
    polite.close(4000);
    expect(await codeOf(polite)).toBe(4000);
  });

  it("knows what came twice, to one pod or to two; GETs may, and so may what has no id", async () => {
    const other = await startFaultyPod("web-1");
    for (const [port, method, id] of [
      [pod.port, "GET", "a"],
      [pod.port, "GET", "a"],
      [pod.port, "POST", "b"],
      [other.port, "POST", "b"],
      [pod.port, "PATCH", "c"],
      [other.port, "POST", "c"],
      [pod.port, "POST", ""],
      [pod.port, "POST", ""],
    ] as const) {
      await ask(port, get("/", id, method));
    }
    expect(duplicates([pod])).toEqual([]);
    expect(duplicates([pod, other])).toEqual(["POST b"]);
    await other.stop();
  });

  it("stops though a client has hung up on a request that hangs: it never was rid of that connection", async () => {
    const own = await startFaultyPod("web-9");
    await own.inject("hang");
    const socket = connect({ port: own.port, host: "127.0.0.1", allowHalfOpen: true });
    socket.on("error", () => undefined);
    socket.end(get("/", "hung"));
    while (own.count({ id: "hung" }) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await own.stop();
    socket.destroy();
  });

  it("runs as a process of its own, and ends with a signal", async () => {
    const script = fileURLToPath(new URL("../../../tools/chaos/pod/main.ts", import.meta.url));
    const child = spawn(
      process.execPath,
      ["--disable-warning=ExperimentalWarning", script, "--id", "web-7"],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { url, control } = JSON.parse(String(line)) as { url: string; control: string };
    expect(await (await fetch(url)).text()).toBe("web-7\n");
    await fetch(`${control}/faults/status`, { method: "PUT", body: '{"options":{"status":500}}' });
    expect((await fetch(url, { headers: { "x-request-id": "a" } })).status).toBe(500);
    expect(await (await fetch(`${control}/arrivals?id=a`)).json()).toEqual([
      { method: "GET", path: "/", id: "a" },
    ]);
    expect((await fetch(`${control}/faults/none`, { method: "PUT" })).status).toBe(404);
    expect((await fetch(`${control}/faults/status`, { method: "PUT", body: "{" })).status).toBe(400);
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
