import { describe, expect, it } from "vitest";
import { MAX_ERRORS } from "../../src/config/diagnostic.ts";
import { INACTIVE } from "../../src/config/inactive.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Config } from "../../src/config/schema.ts";
import { validate } from "../../src/config/validate.ts";
import { policies } from "../../src/policies/index.ts";

const EXAMPLE = `
version: 1
pools:
  web:
    policy: consistent-hash
    pods:
      - { id: web-0, url: "http://127.0.0.1:9001", weight: 1, zone: eu-1 }
      - { id: web-1, url: "http://127.0.0.1:9002" }
    affinity:
      - cookie: { idle: 30m, absolute: 12h }
    strict: false
    failover: sticky
    health:
      readiness: { path: /ready, period: 5s, timeout: 1s, success: 1, failure: 3, initialDelay: 5s, gates: new }
      outlier: { consecutive5xx: 5, interval: 10s, baseEjection: 30s, maxEjection: 50% }
      panic: 50%
    slowStart: 30s
    drain: 5m
    retry: { attempts: 2, budget: 20%, on: [connect], methods: [POST], bodies: true }
    timeouts: { headers: 15s, total: 30s, idleBody: 60s, queue: 2s }
    maxInFlight: 50
    queue: 10
  web-canary:
    pods: []
trustedProxies: ["10.0.0.0/8"]
explain: false
routes:
  - { host: "shop.example.com", path: /, pool: web }
  - { path: /, split: { web: 95, web-canary: 5 } }
`;

function good(text: string): {
  document: unknown;
  config: Config;
  notices: { object: string; path: string }[];
} {
  const result = parseConfig(text);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result;
}

const pool = (body: string) =>
  `version: 1\npools: { web: { pods: [{ id: a, url: "http://a" }], ${body} } }\nroutes: [{ path: /, pool: web }]\n`;

describe("a full config", () => {
  it("is read with its units", () => {
    const { config } = good(EXAMPLE);
    expect(config.pools.map(({ name }) => name)).toEqual(["web", "web-canary"]);
    expect(config.pools[0]).toMatchObject({
      policy: { name: "consistent-hash", options: {} },
      affinity: [{ source: "cookie", options: { idle: 1_800_000, absolute: 43_200_000 } }],
      health: { readiness: { path: "/ready", period: 5000, timeout: 1000, initialDelay: 5000 }, panic: 0.5 },
      slowStart: { window: 30_000, aggression: 1, minimum: 0.1 },
      zones: "any",
      drain: 300_000,
      retry: { attempts: 2, budget: 0.2, on: ["connect"], methods: ["POST"], bodies: true },
      timeouts: { headers: 15_000, total: 30_000, idleBody: 60_000, queue: 2000 },
      maxInFlight: 50,
      queue: 10,
    });
    const usual = {
      pathType: "prefix",
      ignoreCase: false,
      rank: 0,
      headerBeatsSession: false,
      sticky: "all",
      issue: true,
    };
    expect(config.routes).toEqual([
      {
        ...usual,
        host: "shop.example.com",
        path: "/",
        cookiePath: "/",
        sides: [{ pool: "web", weight: 1 }],
        overrides: [],
      },
      {
        ...usual,
        host: "*",
        path: "/",
        cookiePath: "/",
        overrides: [],
        sides: [
          { pool: "web", weight: 95 },
          { pool: "web-canary", weight: 5 },
        ],
      },
    ]);
  });

  it("gives back a document that may be put again unchanged", () => {
    const { document, config, notices } = good(EXAMPLE);
    const again = good(JSON.stringify(document));
    expect(again).toMatchObject({ document, config, notices });
    expect(validate(structuredClone(document))).toMatchObject({ ok: true, config });
  });

  it("is the same in JSON", () => {
    const json = JSON.stringify(good(EXAMPLE).document, null, "\t");
    expect(good(json).config).toEqual(good(EXAMPLE).config);
  });

  it("leaves the document as it was written", () => {
    const document = { version: 1, pools: { web: { pods: [] } }, routes: [{ path: "/a/", pool: "web" }] };
    const before = structuredClone(document);
    validate(document);
    expect(document).toEqual(before);
  });
});

describe("defaults", () => {
  it("of a pool", () => {
    const [web] = good(pool("")).config.pools;
    expect(web).toMatchObject({
      policy: { name: "consistent-hash", options: {} },
      tableBits: 16,
      strict: false,
      failover: "sticky",
      health: { panic: 0.5 },
      retry: { attempts: 2, budget: 0.2, on: ["connect"], methods: [], bodies: false },
      timeouts: { headers: 15_000, queue: 5000 },
      queue: 100,
    });
    expect(web!.affinity.map(({ source }) => source)).toEqual(["cookie"]);
    expect(web!.health.readiness).toBeUndefined();
    expect(web!.pods[0]).toMatchObject({ weight: 1, generation: 0 });
  });

  it("of a probe are those of Kubernetes", () => {
    const [web] = good(pool("health: { readiness: {} }")).config.pools;
    expect(web!.health.readiness).toEqual({
      path: "/",
      period: 10_000,
      timeout: 1000,
      success: 1,
      failure: 3,
      initialDelay: 0,
      gates: "new",
    });
  });

  it.each(["none", "[none]", "[]"])("affinity %s leaves the chain empty", (affinity) =>
    expect(good(pool(`affinity: ${affinity}`)).config.pools[0]!.affinity).toEqual([]),
  );
});

describe("what is accepted without effect", () => {
  const samples: Record<string, string> = {};

  it.each(INACTIVE.map(({ path }) => path))("%s", (path) => {
    const body = samples[path]!;
    const text = body.startsWith("pods")
      ? `version: 1\npools: { web: { ${body} } }\nroutes: [{ path: /, pool: web }]\n`
      : pool(body);
    expect(good(text).notices).toMatchObject([{ level: "ignored", object: "pools.web", path }]);
  });

  it("is nothing in a config of defaults", () => expect(good(pool("")).notices).toEqual([]));
});

describe("names of the registry", () => {
  it.each(Object.keys(policies))("policy %s is there, by name and by map", (name) => {
    expect(good(pool(`policy: ${name}`)).config.pools[0]!.policy.name).toBe(name);
    expect(good(pool(`policy: { ${name}: {} }`)).config.pools[0]!.policy.name).toBe(name);
  });
});

describe("limits", () => {
  const many = (count: number, rest: object = {}) => {
    const pods = Array.from({ length: count }, (_, i) => ({
      id: `p${i}`,
      url: `http://a:${i + 1}`,
      ...rest,
    }));
    return validate({ version: 1, pools: { web: { pods } }, routes: [{ path: "/", pool: "web" }] });
  };
  const told = (count: number, rest?: object) => {
    const result = many(count, rest);
    return result.ok ? [] : result.errors.map(({ message }) => message);
  };

  it("a pool has ten thousand pods and no more", () => {
    expect(many(10_000)).toMatchObject({ ok: true });
    expect(told(10_001)).toEqual(["must have at most 10000"]);
  });

  it("tells a thousand errors and how many more there are", () => {
    const all = told(1500, { weigth: 1 });
    expect(all).toHaveLength(MAX_ERRORS);
    expect(all.at(-1)).toBe("501 more errors are not shown");
    expect(told(1000, { weigth: 1 }).at(-1)).toBe('unknown key "weigth"');
  });
});
