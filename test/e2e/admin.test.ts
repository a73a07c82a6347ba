import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Call, call, Jar } from "../support/client.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { ADMIN, type Stack, startStack } from "../support/stack.ts";

describe("the admin API and bad input, over real sockets", () => {
  let pod: TestPod;
  let stack: Stack;
  const config = (more: object = {}) => ({
    version: 1,
    pools: { web: { pods: [{ id: "web-0", url: pod.url }] } },
    routes: [{ host: "shop.test", path: "/", pool: "web" }],
    ...more,
  });
  const api = (options: Call, edge = stack.url) => {
    const headers = {
      authorization: `Bearer ${ADMIN}`,
      "content-type": "application/json",
      ...options.headers,
    };
    return call(`${edge}/_mooring/v1/config`, { ...options, headers });
  };
  const shop = (path = "/", headers: Record<string, string> = {}) =>
    call(stack.url + path, { headers: { host: "shop.test", ...headers } });

  beforeAll(async () => {
    pod = await startPod("web-0");
    stack = await startStack();
  });
  afterAll(async () => {
    await stack?.stop();
    await pod.kill();
  });

  it("says that there is no config, then takes a first one", async () => {
    expect((await shop()).status).toBe(503);
    expect((await call(`${stack.url}/_mooring/readyz`)).status).toBe(503);
    expect((await call(`${stack.url}/_mooring/livez`)).status).toBe(200);
    expect((await api({})).status).toBe(404);
    const body = JSON.stringify(config());
    expect((await api({ method: "PUT", body })).status).toBe(428);
    const first = await api({ method: "PUT", body, headers: { "if-none-match": "*" } });
    expect(first.status).toBe(200);
    expect(JSON.parse(first.body)).toEqual({ revision: 1, notices: [] });
    expect((await shop()).status).toBe(200);
    expect((await call(`${stack.url}/_mooring/readyz`)).status).toBe(200);
    expect((await api({ method: "PUT", body, headers: { "if-none-match": "*" } })).status).toBe(412);
  });

  it("gives back what may be PUT again, and refuses a stale revision", async () => {
    const got = await api({});
    expect(got.headers.etag).toBe('"1"');
    const { revision, config: document } = JSON.parse(got.body);
    expect(revision).toBe(1);
    const again = { method: "PUT", body: JSON.stringify(document), headers: { "if-match": '"1"' } };
    expect((await api(again)).status).toBe(200);
    const stale = await api(again);
    expect(stale.status).toBe(412);
    expect(stale.headers.etag).toBe('"2"');
    expect((await api({ ...again, headers: { "if-match": "*" } })).status).toBe(428);
    expect((await api({ ...again, headers: { "if-match": 'W/"2"' } })).status).toBe(412);
  });

  it("answers an invalid config with every error, and changes nothing", async () => {
    const bad = {
      version: 1,
      pools: {
        web: {
          policy: "best",
          pods: [
            { id: "a", url: "ftp://x" },
            { id: "a", url: pod.url },
          ],
        },
      },
      routes: [{ path: "x", pool: "wbe" }],
    };
    const answer = await api({ method: "PUT", body: JSON.stringify(bad), headers: { "if-match": '"2"' } });
    expect(answer.status).toBe(422);
    expect(answer.headers["content-type"]).toContain("application/problem+json");
    const { errors } = JSON.parse(answer.body);
    const paths = errors.map((error: { path: string }) => error.path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "pools.web.policy",
        "pools.web.pods[0].url",
        "routes[0].path",
        "routes[0].pool",
      ]),
    );
    for (const error of errors) expect(error.hint, error.path).toBeTruthy();
    expect((await api({})).headers.etag).toBe('"2"');
    expect((await shop()).status).toBe(200);
  });

  it("takes YAML, refuses other types, too much, and strangers", async () => {
    const yaml = `version: 1\npools: { web: { pods: [{ id: web-0, url: "${pod.url}" }] } }\nroutes: [{ host: shop.test, pool: web }]\n`;
    const put = { method: "PUT", body: yaml, headers: { "if-match": '"2"', "content-type": "text/yaml" } };
    expect((await api({ ...put, headers: { ...put.headers, "content-type": "text/plain" } })).status).toBe(
      415,
    );
    expect((await api({ ...put, body: `# ${"x".repeat(5 * 1024 * 1024)}` })).status).toBe(413);
    expect((await api({ ...put, headers: { ...put.headers, authorization: "Bearer wrong" } })).status).toBe(
      401,
    );
    expect((await api({ ...put, headers: { ...put.headers, origin: "https://evil.example" } })).status).toBe(
      403,
    );
    expect((await api({ ...put, headers: { ...put.headers, "sec-fetch-site": "cross-site" } })).status).toBe(
      403,
    );
    const wrong = await api({ method: "DELETE" });
    expect([wrong.status, wrong.headers.allow]).toEqual([405, "GET, HEAD, PUT"]);
    expect((await api(put)).status).toBe(200);
    expect((await shop()).status).toBe(200);
  });

  it("makes guessers wait, and never the right token", async () => {
    const guess = () => api({ headers: { authorization: "Bearer guess" } });
    const statuses: number[] = [];
    for (let i = 0; i < 12; i++) statuses.push((await guess()).status);
    expect(statuses.at(-1)).toBe(429);
    expect((await api({})).status).toBe(200);
  });

  it("loses none of 20 writers' changes: losers get 412", async () => {
    let revision = JSON.parse((await api({})).body).revision as number;
    const start = revision;
    const writer = async () => {
      for (;;) {
        const { etag } = (await api({})).headers;
        const write = await api({
          method: "PUT",
          body: JSON.stringify(config()),
          headers: { "if-match": String(etag) },
        });
        if (write.status === 200) return;
        expect(write.status).toBe(412);
      }
    };
    await Promise.all(Array.from({ length: 20 }, writer));
    revision = JSON.parse((await api({})).body).revision;
    expect(revision).toBe(start + 20);
  });

  it("answers an unknown host, a bad Host and a corrupt cookie as it should", async () => {
    const unknown = await call(stack.url, { headers: { host: "other.test" } });
    expect(unknown.status).toBe(404);
    expect(unknown.headers["content-type"]).toContain("application/problem+json");
    expect((await call(stack.url, { headers: { host: "shop.test@evil" } })).status).toBe(400);
    const jar = new Jar();
    await jar.get(stack.url, { headers: { host: "shop.test" } });
    const [[name, value] = ["", ""]] = jar.cookies;
    const flipped = value.endsWith("_") ? "-" : "_";
    for (const corrupt of [
      `${value.slice(0, 95)}${flipped}`,
      value.slice(1),
      "x".repeat(96),
      "x".repeat(8192),
      "",
    ]) {
      const answer = await shop("/", { cookie: `${name}=${corrupt}` });
      expect(answer.status).toBe(200);
      expect(answer.headers["set-cookie"]).toHaveLength(1);
    }
  });

  it("answers 503 with Retry-After and no cookie when no pod can be reached", async () => {
    await pod.kill();
    const answer = await shop();
    await pod.revive();
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toBeDefined();
    expect(answer.headers["set-cookie"]).toBeUndefined();
  });

  it("names the variable when the secret is missing or short, and is off without a token", async () => {
    for (const secret of ["", "too-short"]) {
      const poor = await startStack({
        config: config(),
        env: { MOORING_SECRET: secret, MOORING_ADMIN_TOKEN: "" },
      });
      const answer = await call(poor.url, { headers: { host: "shop.test" } });
      expect(answer.status).toBe(503);
      expect(answer.body).toContain("MOORING_SECRET");
      const off = await api({}, poor.url);
      expect(off.status).toBe(503);
      expect(off.body).toContain("MOORING_ADMIN_TOKEN");
      await poor.stop();
    }
  });

  it("keeps the coordinator's interface for those who know the shared secret", async () => {
    const beat = (url: string, authorization: string) =>
      call(`${url}/_mooring/internal/config`, { headers: { authorization } });
    expect((await beat(stack.coordinator.url, "Bearer wrong")).status).toBe(401);
    expect((await beat(stack.url, "Bearer wrong")).status).toBe(404);
    expect((await call(stack.coordinator.url, { headers: { host: "shop.test" } })).status).toBe(404);
  });

  it("goes on when the coordinator dies", async () => {
    stack.coordinator.kill();
    for (let i = 0; i < 10; i++) expect((await shop()).status).toBe(200);
    const put = await api({ method: "PUT", body: JSON.stringify(config()), headers: { "if-match": '"9"' } });
    expect(put.status).toBe(503);
  });
});
