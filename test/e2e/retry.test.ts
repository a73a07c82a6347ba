import { createServer, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { call, Jar } from "../support/client.ts";
import { type Stack, startStack } from "../support/stack.ts";

interface Came {
  readonly pod: string;
  readonly method: string;
  readonly body: string;
}

const came: Came[] = [];
const pods: Server[] = [];
let stack: Stack;
/** What the first try of a path meets. */
let fault: "reset" | "hang" = "reset";

async function read(request: IncomingMessage): Promise<string> {
  let body = "";
  for await (const piece of request) body += piece;
  return body;
}

async function startPod(id: string): Promise<{ id: string; url: string }> {
  const pod = createServer((request, response) => {
    const serve = (body: string) => {
      if (request.url === "/") return response.end("probe");
      const first = !came.some((one) => one.body === body && one.method === request.method);
      came.push({ pod: id, method: request.method ?? "", body });
      if (!first && request.url !== "/late/always") return response.end(id);
      if (fault === "reset") return request.socket.resetAndDestroy();
      return undefined;
    };
    // An upload that the edge has ended is no request.
    read(request).then(serve, () => request.socket.destroy());
  });
  pods.push(pod);
  await new Promise<void>((resolve) => pod.listen(0, "127.0.0.1", resolve));
  return { id, url: `http://127.0.0.1:${(pod.address() as AddressInfo).port}` };
}

beforeAll(async () => {
  const listed = await Promise.all(["a", "b", "c"].map(startPod));
  const timeouts = { headers: "400ms" };
  stack = await startStack({
    config: {
      version: 1,
      explain: true,
      pools: {
        held: { pods: listed, timeouts, retry: { bodies: true, methods: ["POST"] } },
        late: { pods: listed, timeouts, retry: { attempts: 3, on: ["timeout"] } },
        total: { pods: listed, timeouts: { headers: "5s", total: "700ms" } },
      },
      routes: ["held", "late", "total"].map((pool) => ({ path: `/${pool}`, pool })),
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

const tries = (body: string) => came.filter((one) => one.body === body);

it("a held body goes out again whole, where the pool says so: PUT, and POST by its name, but no PATCH", async () => {
  fault = "reset";
  for (const method of ["PUT", "POST"]) {
    const body = `${method} ${"x".repeat(60_000)}`;
    expect((await call(`${stack.url}/held`, { method, body })).status).toBe(200);
    expect(tries(body).length).toBe(2);
  }
  expect((await call(`${stack.url}/held`, { method: "PATCH", body: "patch" })).status).toBe(502);
  expect(tries("patch").length).toBe(1);
  const long = "y".repeat(70_000);
  expect((await call(`${stack.url}/held`, { method: "PUT", body: long })).status).toBe(502);
  expect(tries(long).length).toBe(1);
});

it("a body that is to be held, and does not come, gets 408; many at once, too", async () => {
  const { hostname, port, host } = new URL(stack.url);
  const stall = () =>
    new Promise<string>((resolve) => {
      const socket = connect(Number(port), hostname);
      let text = "";
      socket.on("data", (piece) => {
        text += piece;
        socket.destroy();
      });
      socket.on("error", () => socket.destroy());
      socket.on("close", () => resolve(text));
      socket.write(`PUT /held HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10\r\n\r\nhello`);
    });
  const all = await Promise.all(Array.from({ length: 5 }, stall));
  for (const text of all) expect(text).toMatch(/^HTTP\/1.1 408 /);
});

it("uploads that stop are all ended, however many one request sweeps for", async () => {
  const { hostname, port, host } = new URL(stack.url);
  const stall = async (i: number) => {
    await sleep(60 * i);
    return new Promise<string>((resolve) => {
      const socket = connect(Number(port), hostname);
      let text = "";
      socket.on("data", (piece) => {
        text += piece;
        socket.destroy();
      });
      socket.on("error", () => socket.destroy());
      socket.on("close", () => resolve(text));
      socket.write(`POST /late HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 10\r\n\r\nhello`);
    });
  };
  const all = await Promise.all(Array.from({ length: 8 }, (_, i) => stall(i)));
  for (const text of all) expect(text).toMatch(/^HTTP\/1.1 408 /);
});

it("a time-out is tried elsewhere where the pool says so, and its session moves", async () => {
  fault = "reset";
  const jar = new Jar();
  // The first of all GETs without a body is reset, and workerd may or may not repeat it.
  await expect.poll(async () => (await jar.get(`${stack.url}/late`)).status).toBe(200);
  const home = (await jar.get(`${stack.url}/late`)).body;
  fault = "hang";
  came.length = 0;
  const moved = await jar.get(`${stack.url}/late`);
  expect([moved.status, came.map(({ pod }) => pod)]).toEqual([200, [home, moved.body]]);
  expect(moved.headers["mooring-decision"]).toContain(`from=${home}`);
  expect((await jar.get(`${stack.url}/late`)).body).toBe(moved.body);
  // What moved it once in this request moves it no further.
  came.length = 0;
  expect((await jar.get(`${stack.url}/late/always`)).status).toBe(504);
  expect(came.length).toBe(2);
  expect((await jar.get(`${stack.url}/late`)).status).toBe(200);
  // A new session has all three tries.
  came.length = 0;
  expect((await call(`${stack.url}/late/always`)).status).toBe(504);
  expect(new Set(came.map(({ pod }) => pod)).size).toBe(3);
});

it("all of a request has an end, where the pool says so", async () => {
  fault = "hang";
  came.length = 0;
  expect((await call(`${stack.url}/total`)).status).toBe(504);
  came.length = 0;
  expect((await call(`${stack.url}/total`, { method: "POST", body: "z" })).status).toBe(504);
  expect(came.length).toBe(1);
});
