import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { call, Jar } from "../support/client.ts";
import { type Stack, startStack } from "../support/stack.ts";

interface Came {
  readonly pod: string;
  readonly path: string;
  readonly method: string;
}

const came: Came[] = [];
const pods: Server[] = [];
/** Pods that take requests, and say nothing. */
const silent = new Set<string>();
let stack: Stack;

async function startPod(id: string): Promise<{ id: string; url: string }> {
  const pod = createServer((request, response) => {
    const { url = "", method = "" } = request;
    request.resume().on("end", () => {
      came.push({ pod: id, path: url, method });
      if (!silent.has(id)) response.end(id);
    });
  });
  pods.push(pod);
  await new Promise<void>((resolve) => pod.listen(0, "127.0.0.1", resolve));
  return { id, url: `http://127.0.0.1:${(pod.address() as AddressInfo).port}` };
}

beforeAll(async () => {
  const listed = await Promise.all(["a", "b", "c"].map(startPod));
  stack = await startStack({
    config: {
      version: 1,
      explain: true,
      pools: { web: { pods: listed, timeouts: { headers: "1h" } } },
      routes: [
        { path: "/", pool: "web" },
        { path: "/brief", pool: "web", timeouts: { headers: "400ms" } },
        { path: "/total", pool: "web", timeouts: { total: "400ms" } },
        {
          path: "/again",
          pool: "web",
          timeouts: { headers: "400ms" },
          retry: { attempts: 3, on: ["timeout"], methods: ["POST"], bodies: true },
        },
        { path: "/abort", pool: "web", fault: { abort: { share: "100%", status: 418 } } },
        { path: "/half", pool: "web", fault: { abort: { share: "50%", status: 503 } } },
        { path: "/delay", pool: "web", fault: { delay: { share: "100%", for: "700ms" } } },
        {
          path: "/worn",
          pool: "web",
          timeouts: { total: "300ms" },
          fault: { delay: { share: "100%", for: "1h" } },
        },
      ],
    },
  });
});
afterAll(async () => {
  await stack?.stop();
  for (const pod of pods) {
    pod.closeAllConnections();
    pod.close();
  }
});

const at = (path: string) => came.filter((one) => one.path === path);
const hush = (...ids: string[]) => {
  silent.clear();
  for (const id of ids) silent.add(id);
};

it("a route's time-outs end what its pool would wait an hour for, and its session stays", async () => {
  hush();
  const jar = new Jar();
  const { body: home } = await jar.get(`${stack.url}/`);
  hush("a", "b", "c");
  for (const path of ["/brief", "/total"]) {
    const late = await jar.get(stack.url + path);
    expect([late.status, late.headers["proxy-status"]]).toEqual([
      504,
      "mooring; error=http_response_timeout",
    ]);
    expect(at(path).map(({ pod }) => pod)).toEqual([home]);
  }
  hush();
  expect((await jar.get(`${stack.url}/brief`)).body).toBe(home);
});

it("a route's retries are its own: there a POST that is late comes to another pod, elsewhere to one", async () => {
  hush();
  const jar = new Jar();
  const { body: home } = await jar.get(`${stack.url}/`);
  hush(home);
  const post = { method: "POST", body: "x=1" };
  expect((await jar.get(`${stack.url}/brief`, post)).status).toBe(504);
  expect(at("/brief").filter(({ method }) => method === "POST").length).toBe(1);
  const moved = await jar.get(`${stack.url}/again`, post);
  expect([moved.status, at("/again").map(({ pod }) => pod)]).toEqual([200, [home, moved.body]]);
  expect(moved.headers["mooring-decision"]).toContain(`from=${home}`);
  hush("a", "b", "c");
  came.length = 0;
  // A new session has all three tries, each at another pod.
  expect((await call(`${stack.url}/again`)).status).toBe(504);
  expect(new Set(at("/again").map(({ pod }) => pod)).size).toBe(3);
});

it("an aborted request reaches no pod, and neither begins nor moves a session", async () => {
  hush();
  const fresh = await call(`${stack.url}/abort`);
  expect([fresh.status, JSON.parse(fresh.body).code]).toEqual([418, "fault-abort"]);
  expect(fresh.headers["set-cookie"]).toBeUndefined();
  expect(fresh.headers["mooring-decision"]).toMatch(/^refused; pool=web; revision=/);
  const jar = new Jar();
  const { body: home } = await jar.get(`${stack.url}/`);
  const answers = [];
  for (let i = 0; i < 200; i++) answers.push(await jar.get(`${stack.url}/half`));
  const served = answers.filter(({ status }) => status === 200);
  expect(new Set(served.map(({ body }) => body))).toEqual(new Set([home]));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 503]));
  // Five standard deviations: sqrt(200 × 0.25) is 7.
  expect(Math.abs(served.length - 100)).toBeLessThan(36);
  expect([at("/abort").length, at("/half").length]).toEqual([0, served.length]);
});

/** What comes back on one connection, until so many answers have begun. */
function talk(count: number, ...pieces: string[]): Promise<string[]> {
  const { hostname, port } = new URL(stack.url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    const heads = () => text.match(/HTTP\/1\.1 \d+/g) ?? [];
    socket.on("data", (piece) => {
      text += piece;
      if (heads().length >= count) socket.destroy();
      else if (pieces.length > 0) socket.write(pieces.shift()!);
    });
    socket.on("error", reject);
    socket.on("close", () => resolve(heads().map((head) => head.slice(9))));
    socket.write(pieces.shift()!);
  });
}

it("an aborted request leaves no connection hanging, wherever its body is", async () => {
  hush();
  const { host } = new URL(stack.url);
  const post = (path: string, body: string, length = body.length) =>
    `POST ${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: ${length}\r\n\r\n${body}`;
  // All of it came: the connection goes on.
  expect(await talk(2, post("/abort", "hello"), post("/", "x=1"))).toEqual(["418", "200"]);
  // Half of it never comes: answered, and closed.
  expect(await talk(2, post("/abort", "hello", 10))).toEqual(["418"]);
});

it("a delayed request is overtaken by those that came after it, and its session stays", async () => {
  hush();
  const jar = new Jar();
  const { body: home } = await jar.get(`${stack.url}/`);
  came.length = 0;
  const order: string[] = [];
  const slow = jar.get(`${stack.url}/delay`, { method: "POST", body: "x=1" }).then((answer) => {
    order.push("delay");
    return answer;
  });
  await sleep(100);
  await jar.get(`${stack.url}/`);
  order.push("direct");
  const delayed = await slow;
  expect([delayed.status, delayed.body, order]).toEqual([200, home, ["direct", "delay"]]);
  expect(came.map(({ path }) => path)).toEqual(["/", "/delay"]);
});

it("a delay counts into total: a request that it leaves no time is answered 504, and no pod is asked", async () => {
  hush();
  expect((await call(`${stack.url}/worn`)).status).toBe(504);
  expect(at("/worn")).toEqual([]);
});

it("whoever goes away during the delay has sent nothing", async () => {
  hush();
  came.length = 0;
  const { hostname, port, host } = new URL(stack.url);
  for (const method of ["GET", "DELETE"]) {
    const socket = connect(Number(port), hostname);
    socket.on("error", () => undefined);
    socket.write(`${method} /delay HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    await sleep(150);
    socket.resetAndDestroy();
  }
  // One that stays, and comes after them, has waited as long.
  expect((await call(`${stack.url}/delay`, { method: "PUT", body: "x=1" })).status).toBe(200);
  expect(at("/delay").map(({ method }) => method)).toEqual(["PUT"]);
});
