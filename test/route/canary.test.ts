import { describe, expect, it } from "vitest";
import { PatternFault } from "../../src/model/pattern/fault.ts";
import { compilePattern } from "../../src/model/pattern/pattern.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";
import { vectors } from "../support/vectors.ts";

/** What a request to a primary with a canary met at ingress-nginx; annotations without their prefix. */
interface Canary {
  readonly id: string;
  readonly primary_annotations: Readonly<Record<string, string>>;
  readonly canary_annotations: Readonly<Record<string, string>>;
  readonly primary_key: string;
  readonly canary_key: string;
  readonly primary_endpoints: readonly string[];
  readonly canary_endpoints: readonly string[];
  readonly request: { readonly headers: Readonly<Record<string, string>>; readonly cookie: string | null };
  readonly expected: "primary" | "canary" | "random" | "503";
  readonly p_canary?: number;
  readonly set_cookie_seen: readonly string[];
}

/** What a session of ours stands for here: the side that its cookie named. */
const KEY = { primary: "0123456789abcdef0123456789abcdef", canary: "fedcba9876543210fedcba9876543210" };

interface Own {
  readonly rules: Readonly<Record<string, string>>;
  readonly affinity?: boolean;
  readonly legacy?: boolean;
  readonly headers?: Readonly<Record<string, string>>;
  readonly cookie?: string;
  readonly expected: Canary["expected"];
  readonly share?: number;
  readonly begins?: boolean;
}

const own = (id: string, { rules, affinity, legacy, headers = {}, cookie, ...more }: Own): Canary => ({
  id,
  primary_annotations: affinity ? { affinity: "cookie" } : {},
  canary_annotations: { ...rules, ...(legacy ? { "affinity-canary-behavior": "legacy" } : {}) },
  primary_key: KEY.primary,
  canary_key: KEY.canary,
  primary_endpoints: ["10.0.0.1:80", "10.0.0.2:80"],
  canary_endpoints: ["10.0.1.1:80"],
  request: { headers, cookie: cookie ?? null },
  expected: more.expected,
  ...(more.share === undefined ? {} : { p_canary: more.share }),
  set_cookie_seen: more.begins ? ["canary key"] : ["none"],
});

const HEADER = { "canary-by-header": "X-Canary" };
const PATTERN = { ...HEADER, "canary-by-header-pattern": "^beta-[0-9]+$" };
const bound = (side: keyof typeof KEY) => `INGRESSCOOKIE=x|${KEY[side]}`;
const OWN: Canary[] = [
  own("a weight of 20", { rules: { "canary-weight": "20" }, expected: "random", share: 0.2 }),
  own("40 of a total of 160", {
    rules: { "canary-weight": "40", "canary-weight-total": "160" },
    expected: "random",
    share: 0.25,
  }),
  own("a total below 100 counts as 100", {
    rules: { "canary-weight": "30", "canary-weight-total": "50" },
    expected: "random",
    share: 0.3,
  }),
  own("header always", { rules: HEADER, headers: { "x-CANARY": "always" }, expected: "canary" }),
  own("header never goes before the weight", {
    rules: { ...HEADER, "canary-weight": "100" },
    headers: { "X-Canary": "never" },
    expected: "primary",
  }),
  own("a header of no meaning is followed by the cookie", {
    rules: { ...HEADER, "canary-by-cookie": "beta" },
    headers: { "X-Canary": "ALWAYS" },
    cookie: "beta=always",
    expected: "canary",
  }),
  own("a pattern", { rules: PATTERN, headers: { "X-Canary": "beta-7" }, expected: "canary" }),
  own("a pattern that does not match goes on to the weight", {
    rules: { ...PATTERN, "canary-weight": "100" },
    headers: { "X-Canary": "gamma-7" },
    expected: "canary",
  }),
  own("a pattern that does not compile is the primary, whatever the weight, also for an empty header", {
    rules: { ...HEADER, "canary-by-header-pattern": "(b", "canary-weight": "100" },
    headers: { "X-Canary": "" },
    expected: "primary",
  }),
  own("an empty header is there for a pattern", {
    rules: { ...HEADER, "canary-by-header-pattern": "^$" },
    headers: { "X-Canary": "" },
    expected: "canary",
  }),
  own("a value goes before a pattern", {
    rules: { ...PATTERN, "canary-by-header-value": "yes" },
    headers: { "X-Canary": "beta-7" },
    expected: "primary",
  }),
  own("the first of two cookies, without case, behind a comma", {
    rules: { "canary-by-cookie": "beta" },
    cookie: "x=1,BETA=never; beta=always",
    expected: "primary",
  }),
  own("a session goes before the header", {
    rules: HEADER,
    affinity: true,
    headers: { "X-Canary": "always" },
    cookie: bound("primary"),
    expected: "primary",
  }),
  own("a session of the canary stays at weight 0", {
    rules: {},
    affinity: true,
    cookie: bound("canary"),
    expected: "canary",
  }),
  own("a new session of the canary gets a cookie", {
    rules: { "canary-weight": "100" },
    affinity: true,
    expected: "canary",
    begins: true,
  }),
  own("legacy: a new session of the canary gets none", {
    rules: { "canary-weight": "100" },
    affinity: true,
    legacy: true,
    expected: "canary",
  }),
  own("legacy: a session of the canary is none", {
    rules: {},
    affinity: true,
    legacy: true,
    cookie: bound("canary"),
    expected: "primary",
  }),
  own("legacy: a session of the primary is one", {
    rules: { "canary-weight": "100" },
    affinity: true,
    legacy: true,
    cookie: bound("primary"),
    expected: "primary",
  }),
];

/** The rules of the annotations as a route has them, in the order of ingress-nginx. */
function overridesOf(canary: Canary["canary_annotations"]): object[] {
  const { "canary-by-header": header, "canary-by-cookie": cookie } = canary;
  const value = canary["canary-by-header-value"];
  const pattern = canary["canary-by-header-pattern"];
  const words = (by: object) => [
    { ...by, value: "always", pool: "canary" },
    { ...by, value: "never", pool: "web" },
  ];
  const rules: object[] = [];
  if (header !== undefined) {
    if (value !== undefined && /^[\w -]+$/.test(value)) rules.push({ header, value, pool: "canary" });
    else if (pattern === undefined) rules.push(...words({ header }));
    else if (compilePattern(pattern) instanceof PatternFault)
      rules.push({ header, pattern: "", pool: "web" });
    else rules.push({ header, pattern, pool: "canary" });
  }
  if (cookie !== undefined) rules.push(...words({ cookie }));
  return rules;
}

function configOf({ primary_annotations: primary, canary_annotations: canary, ...ends }: Canary) {
  const whole = Math.max(100, Number(canary["canary-weight-total"] ?? 0));
  const weight = Math.min(whole, Math.max(0, Number(canary["canary-weight"] ?? 0) || 0));
  const affinity = [primary.affinity === "cookie" ? "cookie" : "none"];
  const pods = (name: string, all: readonly string[]) =>
    all.map((address, i) => ({ id: `${name}-${i}`, url: `http://${address}` }));
  const sticky = canary["affinity-canary-behavior"] === "legacy" ? "primary" : "all";
  const route = { split: { web: whole - weight, canary: weight }, overrides: overridesOf(canary), sticky };
  return {
    version: 1,
    pools: {
      web: { pods: pods("web", ends.primary_endpoints), affinity },
      canary: { pods: pods("canary", ends.canary_endpoints), affinity },
    },
    // A primary without endpoints takes its canary with it.
    routes: [ends.primary_endpoints.length === 0 ? { pool: "web" } : route],
  };
}

/** The Cookie header, with a token of ours in place of one of ingress-nginx that names a side. */
async function cookieOf(vector: Canary): Promise<string | undefined> {
  const { cookie } = vector.request;
  const key = cookie?.split("|")[1];
  const side = key === vector.primary_key ? "web" : key === vector.canary_key ? "canary" : undefined;
  if (cookie === null || side === undefined) return cookie ?? undefined;
  const { pools } = configOf({ ...vector, primary_endpoints: ["10.0.0.1:80"] });
  const split = { web: side === "web" ? 1 : 0, canary: side === "canary" ? 1 : 0 };
  const edge = await TestEdge.start({ config: { version: 1, pools, routes: [{ split }] } });
  const [pair] = cookiesOf(await edge.ask("http://shop.test/"));
  return pair?.join("=") ?? cookie;
}

async function check(vector: Canary): Promise<void> {
  const edge = await TestEdge.start({ config: configOf(vector) });
  const cookie = await cookieOf(vector);
  const headers = { ...vector.request.headers, ...(cookie === undefined ? {} : { cookie }) };
  const counts = { web: 0, canary: 0, 503: 0 };
  const asked = vector.expected === "random" ? 500 : 30;
  for (let i = 0; i < asked; i++) {
    const response = await edge.ask("http://shop.test/", { headers });
    const pod = response.ok ? (await response.text()).split("-")[0]! : String(response.status);
    counts[pod as keyof typeof counts]++;
    if (vector.request.cookie !== null) continue;
    const side = vector.set_cookie_seen.includes("none") ? undefined : "canary";
    expect(cookiesOf(response).length).toBe(side === undefined ? 0 : 1);
  }
  if (vector.expected === "random") {
    expect(Math.abs(counts.canary / asked - vector.p_canary!)).toBeLessThanOrEqual(0.05);
    expect(counts.web + counts.canary).toBe(asked);
  } else {
    const expected = vector.expected === "primary" ? "web" : vector.expected;
    expect(counts).toEqual({ web: 0, canary: 0, 503: 0, [expected]: asked });
  }
}

describe("a canary goes where ingress-nginx sends it", () => {
  it.each(OWN)("$id", check);
});

const all = vectors<{ vectors: Canary[] }>("ingress-nginx/canary.json")?.vectors ?? [];

describe.runIf(all.length > 0)("every canary of MOORING_VECTORS", () => {
  const linear = ({ canary_annotations: { "canary-by-header-pattern": pattern = "" } }: Canary) =>
    !/\(\?<?[=!]/.test(pattern);

  it.each(all.filter(linear))("$id", check);

  // PCRE has it, and its price: here it is a pattern that does not compile, and the primary's.
  it.each(all.filter((vector) => !linear(vector)))("$id: refused", async (vector) => {
    expect(compilePattern(vector.canary_annotations["canary-by-header-pattern"]!)).toBeInstanceOf(
      PatternFault,
    );
    await check({ ...vector, expected: "primary" });
  });
});
