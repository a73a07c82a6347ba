import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundle } from "../../tools/build/bundle.ts";
import { exchange, readReplies } from "../../tools/hostile/client.ts";
import { startWorkerd, type Workerd } from "../../tools/serve/workerd.ts";
import { type Call, call } from "../support/client.ts";
import { ADMIN, SECRET } from "../support/stack.ts";
import { type ScriptedPod, startScriptedPod } from "./scripted-pod.ts";

const RIGHT = { authorization: `Bearer ${ADMIN}` };
const READ = "read-token-for-tests";

describe("strangers at the admin API", () => {
  let dir: string;
  let pod: ScriptedPod;
  let edge: Workerd;
  let log = "";
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "mooring-hostile-"));
    pod = await startScriptedPod({});
    const config = {
      version: 1,
      trustedProxies: ["127.0.0.0/8"],
      pools: { secret: { pods: [{ id: "secret-0", url: pod.url }] } },
      routes: [{ pool: "secret" }],
    };
    edge = await startWorkerd({
      role: "edge",
      port: 0,
      bundleDir: (await bundle({ outdir: join(dir, "worker") })).dir,
      env: {
        MOORING_SECRET: SECRET,
        MOORING_ADMIN_TOKEN: ADMIN,
        MOORING_READ_TOKEN: READ,
        MOORING_LOG: "json",
        MOORING_CONFIG: JSON.stringify(config),
      },
      log: (text) => {
        log += text;
      },
    });
  });
  afterAll(async () => {
    await edge?.stop();
    await pod.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  const api = (path: string, init: Call = {}) => call(`${edge.url}/_mooring${path}`, init);
  /** As the given client, by the word of a proxy that is trusted. */
  const from = (chain: string, token: string) =>
    api("/v1/pools", { headers: { authorization: `Bearer ${token}`, "x-forwarded-for": chain } });

  it("no spelling of its path leads past the token, nor to a pod (CVE-2026-73511)", async () => {
    const spellings = [
      "/_mooring/v1/pools",
      "/_mooring;x=1/v1/pools",
      "/_mooring/;x/v1/pools",
      "/_mooring/v1;x/pools",
      "/_mooring/v1/pools;x",
      "/_mooring/v1/pools/",
      "/_mooring//v1/pools",
      "//_mooring/v1/pools",
      "/_mooring/./v1/pools",
      "/_mooring/livez/../v1/pools",
      "/_mooring/livez/..;/v1/pools",
      "/_mooring/livez/%2e%2e/v1/pools",
      "/_mooring/livez%2f..%2fv1%2fpools",
      "/_mooring/livez?/../v1/pools",
      "/%5fmooring/v1/pools",
      "/%5Fm%6foring/v1/pools",
      "/_mooring%2fv1%2fpools",
      "/_mooring/v1/%70ools",
      "/_MOORING/v1/pools",
      "/x/../_mooring/v1/pools",
      "/_mooring\\v1\\pools",
      "/_mooring/internal/state",
      "/_mooring/v1/../internal/state",
      "http://x/_mooring/v1/pools",
    ];
    for (const path of spellings) {
      for (const method of ["GET", "POST", "HEAD", "OPTIONS"]) {
        const bytes = `${method} ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`;
        const reply = (await exchange(edge.port, bytes)) ?? "";
        const status = readReplies(reply, [method])[0]?.status ?? 0;
        if (path.includes("livez?")) continue;
        expect(status, `${method} ${path}`).toBeGreaterThanOrEqual(400);
        expect(status, `${method} ${path}`).toBeLessThan(500);
        expect(reply).not.toMatch(/secret-0|access-control/i);
      }
    }
    expect(pod.arrivals).toEqual([]);
    // Encoded letters are the same path, and the token is asked for wherever one leads.
    expect((await api("/v1/%70ools", { headers: RIGHT })).status).toBe(200);
    expect((await api("/v1/%70ools")).status).toBe(401);
  });

  it("a Host that is none, or another than the url's, is refused here too", async () => {
    for (const host of ["a b", "a@b", "a/b", "[::1", ""]) {
      const bytes = `GET /_mooring/v1/pools HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${ADMIN}\r\n\r\n`;
      const [reply] = readReplies((await exchange(edge.port, bytes)) ?? "", ["GET"]);
      expect(reply?.status, host).toBe(400);
    }
  });

  it("no page of another site can use it, with whatever a browser sends unasked (CVE-2026-27589)", async () => {
    const post = (headers: Record<string, string>, body = '{"state":"draining"}') =>
      api("/v1/pools/secret/pods/secret-0/drain", {
        method: "POST",
        body,
        headers: { ...RIGHT, ...headers },
      });
    const json = { "content-type": "application/json" };
    const foreign = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: `${edge.url}.evil.example` },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
    ];
    for (const headers of foreign) {
      const answer = await post({ ...json, ...headers });
      expect([answer.status, JSON.stringify(headers)]).toEqual([403, JSON.stringify(headers)]);
    }
    for (const type of [
      "text/plain",
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "text/json",
    ]) {
      expect((await post({ "content-type": type })).status, type).toBe(415);
    }
    const preflight = {
      "access-control-request-method": "PUT",
      "access-control-request-headers": "authorization",
    };
    for (const headers of [{ origin: "https://evil.example" }, { origin: edge.url }]) {
      const answer = await api("/v1/config", { method: "OPTIONS", headers: { ...headers, ...preflight } });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(Object.keys(answer.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
    }
    // Its own pages may, behind something that ends TLS as well.
    const own = [
      { origin: edge.url },
      { origin: edge.url.replace("http:", "https:") },
      { "sec-fetch-site": "none" },
    ];
    for (const headers of own) {
      expect(
        (await api("/v1/pools", { headers: { ...RIGHT, ...headers, "sec-fetch-site": "same-origin" } }))
          .status,
      ).not.toBe(403);
    }
  });

  it("who guesses ten times waits, by its own address and not by one that it claims, and no right token ever does", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await from(`${i}.9.9.9, 203.0.113.7`, "guess")).status);
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429]);
    const late = await from("203.0.113.7", "guess");
    expect([late.headers["retry-after"], late.headers["content-type"]]).toEqual([
      "60",
      "application/problem+json",
    ]);
    expect((await from("203.0.113.7", ADMIN)).status).not.toBe(429);
    expect((await from("203.0.113.7", READ)).status).not.toBe(429);
    expect((await from("203.0.113.8", "guess")).status).toBe(401);
    // One household has all addresses of a /64, and IPv4 is one address however it is written.
    for (let i = 0; i < 10; i++) expect((await from(`2001:db8:1:2::${i}`, "guess")).status).toBe(401);
    expect((await from("2001:db8:1:2:ffff::1", "guess")).status).toBe(429);
    expect((await from("2001:db8:1:3::1", "guess")).status).toBe(401);
    expect((await from("::ffff:203.0.113.7", "guess")).status).toBe(429);
  });

  it("without a token of its own it is off, whatever token comes", async () => {
    const off = await startWorkerd({
      role: "edge",
      port: 0,
      bundleDir: join(dir, "worker"),
      env: { MOORING_SECRET: SECRET, MOORING_ADMIN_TOKEN: "" },
      log: () => undefined,
    });
    try {
      for (const authorization of ["", "Bearer ", "Bearer undefined", "Bearer null", `Bearer ${ADMIN}`]) {
        for (const path of ["/v1/config", "/v1/pools", "/metrics"]) {
          const answer = await call(`${off.url}/_mooring${path}`, { headers: { authorization } });
          expect([answer.status, JSON.parse(answer.body).code]).toEqual([503, "admin-off"]);
        }
      }
    } finally {
      await off.stop();
    }
  });

  it("a narrow token does what its scope says", async () => {
    const headers = { authorization: `Bearer ${READ}`, "content-type": "application/json" };
    expect((await api("/v1/config", { method: "PUT", body: "{}", headers })).status).toBe(403);
    expect((await api("/v1/pools/secret/pods/secret-0/drain", { method: "POST", headers })).status).toBe(403);
    expect((await api("/v1/pools", { headers })).status).toBe(200);
    // Neither a part of a token nor more than it, nor another scheme.
    const wrong = [ADMIN.slice(0, -1), `${ADMIN}x`, `${ADMIN} x`, ""].map((token) => `Bearer ${token}`);
    for (const authorization of [...wrong, `Basic ${ADMIN}`, ADMIN]) {
      expect([401, 429]).toContain((await api("/v1/pools", { headers: { authorization } })).status);
    }
  });

  it("says in its log who changed what, and who was refused, and no secret", async () => {
    const headers = { ...RIGHT, "content-type": "application/json", "x-forwarded-for": "198.51.100.4" };
    await api("/v1/sessions/aa?x=secret-query", { method: "DELETE", headers });
    await from("198.51.100.5", "guess-me");
    const audits = () =>
      log
        .split("\n")
        .filter((line) => line.includes('"Admin call"'))
        .map((line) => JSON.parse(line.slice(line.indexOf("{"))) as Record<string, unknown>);
    const of = (address: string) => audits().find(({ client }) => client === address);
    await expect
      .poll(() => [of("198.51.100.4"), of("198.51.100.5")])
      .toEqual([
        expect.objectContaining({ method: "DELETE", path: "/_mooring/v1/sessions/aa", scope: "write" }),
        expect.objectContaining({ method: "GET", path: "/_mooring/v1/pools", scope: null, status: 401 }),
      ]);
    for (const { at, status } of audits()) {
      expect(Number(at)).toBeGreaterThan(0);
      expect(status).toBeGreaterThan(0);
    }
    for (const secret of [ADMIN, READ, SECRET, "guess-me", "secret-query"]) expect(log).not.toContain(secret);
  });
});
