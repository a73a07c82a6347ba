import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
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
