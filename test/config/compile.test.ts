import { createHash, webcrypto } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/config/compile.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Config } from "../../src/config/schema.ts";
import { encodeFields, podTag } from "../../src/config/tag.ts";
import { tagToHex } from "../../src/model/pod.ts";

const digest = (data: Uint8Array<ArrayBuffer>) => webcrypto.subtle.digest("SHA-256", data);

function read(text: string): Config {
  const result = parseConfig(text);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.config;
}

const CONFIG = read(`
version: 1
explain: true
trustedProxies: [10.0.0.0/8]
pools:
  web:
    policy: { least-request: { choices: all } }
    affinity: [{ cookie: { idle: 1h } }]
    tableBits: 12
    drain: 1m
    health: { readiness: { path: /ready }, panic: 30% }
    pods:
      - { id: web-0, url: "HTTP://A.example:80/Base/", zone: eu-1 }
      - { id: web-1, url: "http://10.0.0.2:8080", weight: 3, generation: 2 }
  canary: { pods: [{ id: web-0, url: "https://b.example:443" }] }
  spare: { pods: [] }
  api: { pods: [{ id: api-0, url: "http://c" }], affinity: none }
routes:
  - { path: /api/, pool: api }
  - { host: Shop.example, path: /, pool: web }
  - { path: /, split: { web: 95, canary: 5 } }
  - { path: /beta, split: { canary: 1, spare: 0 } }
`);

describe("the snapshot", async () => {
  const snapshot = await compile(CONFIG, 7, digest);

  it("has the config's number and flags", () => {
    expect(snapshot).toMatchObject({ revision: 7, explain: true });
    expect(snapshot.trustedProxies).toEqual([{ base: Uint8Array.of(10, 0, 0, 0), bits: 8 }]);
  });

  it("holds pools and pods in the config's order, with their indexes", () => {
    expect(snapshot.pools.map(({ name, index }) => [name, index])).toEqual([
      ["web", 0],
      ["canary", 1],
      ["spare", 2],
      ["api", 3],
    ]);
    expect(snapshot.pools[0]).toMatchObject({
      policy: { name: "least-request", options: { choices: "all" } },
      tableBits: 12,
      drain: 60_000,
      panic: 0.3,
      readiness: { path: "/ready", period: 10_000, gates: "new" },
    });
    expect(snapshot.pools[1]!.readiness).toBeUndefined();
    const [first, second] = snapshot.pools[0]!.pods;
    expect(first).toMatchObject({
      id: "web-0",
      pool: "web",
      index: 0,
      url: "http://a.example/Base",
      authority: "a.example",
      basePath: "/Base",
      weight: 1,
      zone: "eu-1",
      generation: 0,
    });
    expect(second).toMatchObject({
      index: 1,
      authority: "10.0.0.2:8080",
      basePath: "",
      weight: 3,
      generation: 2,
    });
    expect(second!.zone).toBeUndefined();
  });

  it("keeps routes in order, each with its scope and sides, the primary first", () => {
    const seen = snapshot.routes.map(({ host, path, scope, sides }) => [
      host,
      path,
      scope.id,
      sides.map(({ pool, weight }) => [pool.name, weight]),
    ]);
    expect(seen).toEqual([
      ["*", "/api", "api", [["api", 1]]],
      ["shop.example", "/", "web", [["web", 1]]],
      [
        "*",
        "/",
        "web",
        [
          ["web", 95],
          ["canary", 5],
        ],
      ],
      [
        "*",
        "/beta",
        "canary",
        [
          ["canary", 1],
          ["spare", 0],
        ],
      ],
    ]);
    expect(snapshot.routes[1]!.scope).toBe(snapshot.routes[2]!.scope);
    expect(snapshot.routes[2]!.sides[0]!.pool).toBe(snapshot.pools[0]);
  });

  it("has one scope for each primary pool, with the pods of every side of all its routes", () => {
    expect(snapshot.scopes.map(({ id, index, pools }) => [id, index, pools.map(({ name }) => name)])).toEqual(
      [
        ["api", 0, ["api"]],
        ["web", 1, ["web", "canary"]],
        ["canary", 2, ["canary", "spare"]],
      ],
    );
    const web = snapshot.scopes[1]!;
    expect([...web.pods.values()].map(({ pool, id }) => `${pool}/${id}`)).toEqual([
      "web/web-0",
      "web/web-1",
      "canary/web-0",
    ]);
    for (const [tag, pod] of web.pods) expect(pod.tag).toBe(tag);
    expect(web.affinity).toBe(snapshot.pools[0]!.affinity);
    expect(snapshot.scopes[0]!.affinity).toEqual([]);
  });

  it("is the same again", async () => expect(await compile(CONFIG, 7, digest)).toEqual(snapshot));
});

describe("tags", () => {
  /** The encoding by other means: four bytes of length, then UTF-8. */
  function reference(...fields: string[]): string {
    const hash = createHash("sha256");
    for (const field of fields) {
      const bytes = Buffer.from(field, "utf8");
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      hash.update(length).update(bytes);
    }
    return hash.digest("hex").slice(0, 12);
  }

  it.each([
    ["web", "web-0", 0],
    ["web", "web-1", 0],
    ["web", "web-0", 1],
    ["canary", "web-0", 0],
    ["web", "10.0.0.1:80", 4_294_967_295],
  ])("%s %s %i", async (pool, id, generation) => {
    const tag = await podTag(pool, id, generation, digest);
    expect(tagToHex(tag)).toBe(reference("mooring/pod/1", pool, id, String(generation)));
  });

  it("are frozen: another value would end every session there is", async () => {
    expect(tagToHex(await podTag("web", "web-0", 0, digest))).toBe("daa47b50a841");
    expect(tagToHex(await podTag("web", "web-0", 1, digest))).toBe("4d6536976653");
  });

  it("are over fields that cannot run into each other", () => {
    const text = (...fields: string[]) => Buffer.from(encodeFields(fields)).toString("hex");
    expect(text("ab", "c")).not.toBe(text("a", "bc"));
    expect(text("a", "")).not.toBe(text("", "a"));
    expect(text("é")).toBe("00000002c3a9");
  });

  it("that meet within a scope are refused, and both pods are named", async () => {
    const same = () => Promise.resolve(new ArrayBuffer(32));
    await expect(compile(CONFIG, 1, same)).rejects.toThrow(/web\/web-0 and web\/web-1 .* scope web/);
  });

  it("that meet in two scopes do no harm", async () => {
    const config = read(`
version: 1
pools: { a: { pods: [{ id: x, url: "http://x" }] }, b: { pods: [{ id: y, url: "http://y" }] } }
routes: [{ path: /a, pool: a }, { path: /b, pool: b }]
`);
    const snapshot = await compile(config, 1, () => Promise.resolve(new ArrayBuffer(32)));
    expect(snapshot.scopes.map(({ pods }) => pods.size)).toEqual([1, 1]);
  });
});
