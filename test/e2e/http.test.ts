import { createHash, randomBytes } from "node:crypto";
import { request as httpRequest } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, Jar } from "../support/client.ts";
import { type Handler, startPod, type TestPod } from "../support/pod.ts";
import { type Stack, startStack } from "../support/stack.ts";

const handle: Handler = (request, response, pod) => {
  const path = request.url ?? "/";
  if (path.startsWith("/base/redirect")) {
    response.writeHead(302, { location: `http://127.0.0.1:${pod.port}/base/there?x=1` }).end();
  } else if (path.startsWith("/base/elsewhere")) {
    response.writeHead(301, { location: "https://example.com/a" }).end();
  } else if (path.startsWith("/base/cookies")) {
    const own = (request.headers["x-own"] as string | undefined) ?? "none";
    response.setHeader("set-cookie", ["a=1; Path=/", "b=2; Domain=127.0.0.1; Path=/", `${own}=evil`]);
    response.end("ok");
  } else if (path.startsWith("/base/public")) {
    response.setHeader("cache-control", "public, max-age=60").end("shared");
  } else if (path.startsWith("/base/hops")) {
    response.setHeader("connection", "keep-alive, x-secret-hop");
    response.setHeader("x-secret-hop", "1");
    response.setHeader("proxy-authenticate", "Basic");
    response.setHeader("alt-svc", 'h2=":9001"');
    response.setHeader("mooring-decision", "forged");
    response.end("ok");
  } else if (path.startsWith("/base/events")) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("data: 1\n\n");
    request.socket.on("close", () => response.end());
  } else if (path.startsWith("/base/cut")) {
    response.writeHead(200, { "content-length": "1000000" });
    response.write("x".repeat(1000));
    setTimeout(() => request.socket.destroy(), 50);
  } else if (path.startsWith("/base/hang")) {
    return;
  } else if (path.startsWith("/base/gone")) {
    response.writeHead(204).end();
  } else if (path.startsWith("/base/sum")) {
    const hash = createHash("sha256");
    request.on("data", (chunk) => hash.update(chunk));
    request.on("end", () => response.end(hash.digest("hex")));
  } else {
    response.setHeader("content-length", "5");
    response.end(request.method === "HEAD" ? undefined : "hello");
  }
};

describe("forwarding over real sockets", () => {
  let pod: TestPod;
  let stack: Stack;
  let host: string;

  beforeAll(async () => {
    pod = await startPod("web-0", handle);
    const pods = [{ id: "web-0", url: `${pod.url}/base` }];
    stack = await startStack({
      config: {
        version: 1,
        pools: {
          web: { pods, timeouts: { headers: "1s" } },
          plain: { pods: [{ id: "plain-0", url: `${pod.url}/base` }], affinity: "none" },
        },
        routes: [
          { path: "/", pool: "web" },
          { path: "/plain", pool: "plain" },
        ],
      },
    });
    host = new URL(stack.url).host;
  });
  afterAll(async () => {
    await stack?.stop();
    await pod.kill();
  });

  it("rewrites what names the pod, and leaves other redirects to the client", async () => {
    expect((await call(`${stack.url}/redirect`)).headers.location).toBe(`http://${host}/there?x=1`);
    const elsewhere = await call(`${stack.url}/elsewhere`);
    expect(elsewhere.status).toBe(301);
    expect(elsewhere.headers.location).toBe("https://example.com/a");
  });

  it("keeps several Set-Cookie apart, drops the pod's Domain, and a cookie of our name", async () => {
    const jar = new Jar();
    await jar.get(stack.url);
    const [name = ""] = [...jar.cookies.keys()];
    const answer = await call(`${stack.url}/cookies`, { headers: { "x-own": name } });
    const lines = answer.headers["set-cookie"] ?? [];
    expect(lines.slice(0, 2)).toEqual(["a=1; Path=/", "b=2; Path=/"]);
    expect(lines).toHaveLength(3);
    expect(lines[2]).toMatch(new RegExp(`^${name}=[A-Za-z0-9_-]{96}; Path=/; HttpOnly; SameSite=Lax$`));
    expect(answer.headers["cache-control"]).toBe("private");
  });

  it("gives no cookie with what a shared cache may store, nor without affinity", async () => {
    expect((await call(`${stack.url}/public`)).headers["set-cookie"]).toBeUndefined();
    expect((await call(`${stack.url}/plain`)).headers["set-cookie"]).toBeUndefined();
  });

  it("sends on the client's cookies without ours", async () => {
    const jar = new Jar();
    await jar.get(stack.url);
    jar.cookies.set("mine", "1");
    await jar.get(stack.url);
    expect(pod.last.cookie).toBe("mine=1");
    jar.cookies.delete("mine");
    await jar.get(stack.url);
    expect(pod.last.cookie).toBeUndefined();
  });

  it("tells the pod of the client by its own word alone", async () => {
    await call(stack.url, {
      headers: {
        "x-forwarded-for": "1.2.3.4",
        "x-forwarded-host": "evil",
        "x-real-ip": "1.2.3.4",
        forwarded: "for=1.2.3.4",
        "cf-connecting-ip": "1.2.3.4",
        connection: "keep-alive, x-mine",
        "x-mine": "1",
        "proxy-authorization": "Basic x",
      },
    });
    expect(JSON.stringify(pod.last)).not.toContain("1.2.3.4");
    expect(pod.last).toMatchObject({
      "x-forwarded-for": "127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": host,
    });
    expect(pod.last["x-mine"]).toBeUndefined();
    expect(pod.last["proxy-authorization"]).toBeUndefined();
  });

  it("strips what ends at the pod's hop", async () => {
    const { headers } = await call(`${stack.url}/hops`, {
      headers: { te: "trailers", "keep-alive": "timeout=9" },
    });
    // The runtime's own part of it: neither direction may pass what belongs to one connection.
    expect(pod.last.te).toBeUndefined();
    expect(pod.last["keep-alive"]).toBeUndefined();
    expect(headers["keep-alive"]).toBeUndefined();
    for (const name of ["x-secret-hop", "proxy-authenticate", "alt-svc", "mooring-decision"]) {
      expect(headers[name], name).toBeUndefined();
    }
  });

  it("answers HEAD with its length and 204 with nothing", async () => {
    const head = await call(stack.url, { method: "HEAD" });
    expect(head.headers["content-length"]).toBe("5");
    expect(head.body).toBe("");
    expect((await call(`${stack.url}/gone`)).status).toBe(204);
  });

  it("streams events as they come", async () => {
    const first = await new Promise<string>((resolve, reject) => {
      const request = httpRequest(`${stack.url}/events`, (response) => {
        response.once("data", (chunk: Buffer) => {
          resolve(chunk.toString());
          request.destroy();
        });
      });
      request.on("error", reject);
      request.end();
    });
    expect(first).toBe("data: 1\n\n");
  });

  it("streams a large body up unharmed", async () => {
    const body = randomBytes(4_000_000).toString("hex");
    const answer = await call(`${stack.url}/sum`, { method: "POST", body });
    expect(answer.body).toBe(createHash("sha256").update(body).digest("hex"));
  });

  it("passes a cut body on as cut", async () => {
    await expect(call(`${stack.url}/cut`)).rejects.toThrow();
  });

  it("answers 504 when no response begins in time, and keeps the session", async () => {
    const jar = new Jar();
    await jar.get(stack.url);
    const slow = await jar.get(`${stack.url}/hang`);
    expect(slow.status).toBe(504);
    expect(slow.headers["set-cookie"]).toBeUndefined();
    expect(slow.headers["proxy-status"]).toContain("http_response_timeout");
  });

  it("times out those who rely on another request's sweep, though its client has gone", async () => {
    const owner = httpRequest(`${stack.url}/hang`);
    owner.on("error", () => owner.destroy());
    owner.end();
    await new Promise((resolve) => setTimeout(resolve, 100));
    const others = [1, 2, 3].map(() => call(`${stack.url}/hang`));
    await new Promise((resolve) => setTimeout(resolve, 100));
    owner.destroy();
    for (const answer of await Promise.all(others)) expect(answer.status).toBe(504);
  });

  it("refuses TRACE", async () => {
    expect((await call(stack.url, { method: "TRACE" })).status).toBe(405);
  });
});
