import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { compile } from "../../src/config/compile.ts";
import { parseConfig } from "../../src/config/parse.ts";
import { View } from "../../src/route/view.ts";
import { testCore } from "../support/core.ts";

const digest = async (data: Uint8Array) => new Uint8Array(createHash("sha256").update(data).digest()).buffer;

async function viewOf(yaml: string): Promise<View> {
  const parsed = parseConfig(yaml);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  return new View(
    { incarnation: 1, revision: 1 },
    await compile(parsed.config, 1, digest),
    [],
    testCore(),
    undefined,
    0,
  );
}

const withCookie = (options: string) => `
version: 1
pools: { web: { pods: [{ id: a, url: "http://127.0.0.1:1" }], affinity: [{ cookie: ${options} }] } }
routes: [{ pool: web }]
`;

describe("the names of the cookie", () => {
  const names = async (options: string) => {
    const { secureName, plainName } = (await viewOf(withCookie(options))).scopes[0]!.cookie!;
    return [secureName.replace(/-[0-9a-z]+$/, ""), plainName.replace(/-[0-9a-z]+$/, "")];
  };

  it("promise a browser no more than the attributes keep", async () => {
    expect(await names("{}")).toEqual(["__Host-mooring", "mooring"]);
    expect(await names("{ path: /a }")).toEqual(["__Secure-mooring", "mooring"]);
    expect(await names("{ domain: example.com }")).toEqual(["__Secure-mooring", "mooring"]);
    expect(await names("{ secure: false }")).toEqual(["mooring", "mooring"]);
  });

  it("are used as configured", async () => {
    expect(await names("{ name: SESSION }")).toEqual(["SESSION", "SESSION"]);
  });

  it("differ from scope to scope, and not when a canary joins", async () => {
    const pools = `
version: 1
pools:
  web: { pods: [{ id: a, url: "http://127.0.0.1:1" }] }
  canary: { pods: [{ id: b, url: "http://127.0.0.1:2" }] }
  api: { pods: [{ id: c, url: "http://127.0.0.1:3" }] }
`;
    const of = (view: View, scope: string) =>
      view.scopes.find((other) => other.scope.id === scope)?.cookie?.plainName;
    const plain = await viewOf(`${pools}routes: [{ pool: web }, { path: /api, pool: api }]`);
    const split = await viewOf(
      `${pools}routes: [{ split: { web: 9, canary: 1 } }, { path: /api, pool: api }]`,
    );
    expect(of(plain, "web")).not.toBe(of(plain, "api"));
    expect(of(split, "web")).toBe(of(plain, "web"));
    expect(split.scopes.find(({ scope }) => scope.id === "web")?.pods.size).toBe(2);
  });
});

describe("the weights of a split that an operator gives", () => {
  const split = (weights: string) => `
version: 1
pools:
  web: { pods: [{ id: a, url: "http://127.0.0.1:1" }] }
  canary: { pods: [{ id: b, url: "http://127.0.0.1:2" }] }
routes: [{ path: /, split: ${weights} }, { path: /canary, pool: canary }]
`;
  const told = (view: View, path = "/") => {
    const { sides, total } = view.match("any", path)!;
    return [...sides.map(({ weight }) => weight), total];
  };

  it("go before those of the config, and are taken back", async () => {
    const view = await viewOf(split("{ web: 95, canary: 5 }"));
    view.weigh({ canary: 40 });
    expect(told(view)).toEqual([95, 40, 135]);
    expect(told(view, "/canary"), "a route of one pool has no weights").toEqual([1, 1]);
    view.weigh({});
    expect(told(view)).toEqual([95, 5, 100]);
  });

  it("are the next view's too, and not a split's that they would leave without any", async () => {
    const view = await viewOf(split("{ web: 95, canary: 5 }"));
    view.weigh({ web: 0 });
    const parsed = parseConfig(split("{ web: 95, canary: 0 }"));
    if (!parsed.ok) throw new Error("not valid");
    const next = new View(view.stamp, await compile(parsed.config, 2, digest), [], testCore(), view, 0);
    expect(told(view)).toEqual([0, 5, 5]);
    expect(told(next)).toEqual([95, 0, 95]);
    expect(next.weights).toEqual({ web: 0 });
  });
});
