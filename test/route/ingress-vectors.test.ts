import { describe, expect, it } from "vitest";
import { cookiesOf, outcomeOf, TestEdge } from "../support/edge.ts";
import { liveCases, liveConfig } from "../support/live-cookies.ts";
import { vectors } from "../support/vectors.ts";

describe.each(["balanced", "persistent"] as const)("cookies that ingress-nginx issued in %s mode", (mode) => {
  it("reach the pods that it chose, and come back as tokens that keep them", async () => {
    for (const { backend, endpoints, vectors } of liveCases(mode)) {
      const edge = await TestEdge.start({ config: liveConfig(mode, backend, endpoints) });
      const pods = new Set(endpoints);
      for (const { cookie_value: value, style, endpoint } of vectors) {
        const first = await edge.ask("http://shop.test/", { headers: { cookie: `INGRESSCOOKIE=${value}` } });
        const reached = edge.shipped.at(-1)!.pod.authority;
        if (endpoint === "RANDOM") expect(pods).toContain(reached);
        else expect([style, reached]).toEqual([style, endpoint]);
        expect([outcomeOf(first), first.headers.get("set-cookie")]).toEqual([
          "bound",
          expect.stringMatching(/^INGRESSCOOKIE=[\w-]{96}; Path=\/; HttpOnly$/),
        ]);
        const cookie = cookiesOf(first)[0]!.join("=");
        const next = await edge.ask("http://shop.test/", { headers: { cookie } });
        expect([outcomeOf(next), edge.shipped.at(-1)!.pod.authority]).toEqual(["kept", reached]);
        expect(next.headers.has("set-cookie")).toBe(false);
      }
      edge.view.free();
    }
  });
});

it("lets cookies of persistent mode that name no pod go to any", async () => {
  for (const { backend, endpoints, vectors } of liveCases("persistent")) {
    const edge = await TestEdge.start({ config: liveConfig("persistent", backend, endpoints) });
    const unknown = vectors.find(({ endpoint }) => endpoint === "RANDOM")!;
    const headers = { cookie: `INGRESSCOOKIE=${unknown.cookie_value}` };
    for (let i = 0; i < 60; i++) await edge.ask("http://shop.test/", { headers });
    // Of at most twelve pods more than half are drawn in 60 draws: that they are not has a chance of 12 over 6 by 2^-60.
    const seen = new Set(edge.shipped.map(({ pod }) => pod.authority));
    expect(seen.size).toBeGreaterThan(endpoints.length / 2);
  }
});

const PREFIX = "nginx.ingress.kubernetes.io/";
const CONDITIONAL = {
  "session-cookie-samesite": "None",
  "session-cookie-conditional-samesite-none": "true",
};

interface Written {
  readonly id: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly rule_host: string;
  readonly rule_path: string;
  readonly request: { readonly scheme: string; readonly host: string; readonly user_agent: string | null };
  readonly now: number;
  readonly set_cookie: readonly { readonly template: string }[];
}

/** Their value check is lax: here whole seconds of at most a hundred years are taken, and the rest is reported. */
const DIFFER = new Set(["expires-negative", "expires-1.5", "expires-0abc", "maxage-huge"]);

const own = (id: string, annotations: Record<string, string>, template: string): Written => ({
  id,
  annotations: { affinity: "cookie", ...annotations },
  ...{ rule_host: "shop.example", rule_path: "/", now: 1_763_942_400 },
  request: { scheme: "http", host: "shop.example", user_agent: null },
  set_cookie: [{ template: `INGRESSCOOKIE={VALUE}; ${template}` }],
});

const HANDFUL: Written[] = [
  own("defaults", {}, "Path=/; HttpOnly"),
  own("maxage0", { "session-cookie-max-age": "0" }, "Max-Age=0; Path=/; HttpOnly"),
  {
    ...own("all", {}, ""),
    annotations: {
      affinity: "cookie",
      "session-cookie-name": "S/RV",
      "session-cookie-domain": ".shop.example",
      "session-cookie-expires": "86400",
      "session-cookie-max-age": "86400",
      "session-cookie-secure": "true",
      "session-cookie-samesite": "None",
    },
    rule_path: "/a/",
    set_cookie: [
      {
        template:
          "S/RV={VALUE}; Expires=Tue, 25-Nov-25 00:00:00 GMT; Max-Age=86400; Domain=.shop.example; Path=/a/; Secure; HttpOnly; SameSite=None",
      },
    ],
  },
  {
    ...own("edge 18, over http", CONDITIONAL, "Path=/; HttpOnly"),
    request: {
      scheme: "http",
      host: "shop.example",
      user_agent: "Chrome/64.0.3282.140 Safari/537.36 Edge/18.17763",
    },
  },
  own("nobody, over http", CONDITIONAL, "Path=/; HttpOnly; SameSite=None"),
];

/** What a translation makes of the annotations; undefined: no affinity. */
function optionsOf(annotations: Written["annotations"]): object | undefined {
  const of = (name: string) => annotations[PREFIX + name] ?? annotations[name];
  const seconds = (name: string) => {
    const text = of(name) ?? "";
    return /^\d+$/.test(text) && Number(text) <= 3_153_600_000 ? `${text}s` : undefined;
  };
  if (of("affinity") !== "cookie") return undefined;
  const mode = of("affinity-mode") === "persistent" ? "persistent" : "balanced";
  const name = of("session-cookie-name") ?? "";
  const domain = of("session-cookie-domain") ?? "";
  return {
    name: /^[\w./-]+$/.test(name) ? name : "INGRESSCOOKIE",
    path: of("session-cookie-path") ?? "matched",
    domain: /^[\w.-]+$/.test(domain) ? domain : undefined,
    sameSite: ["None", "Lax", "Strict"].find((value) => value === of("session-cookie-samesite")) ?? "unset",
    conditionalSameSiteNone: of("session-cookie-conditional-samesite-none") === "true",
    secure: /^(?:1|t|T|TRUE|true|True)$/.test(of("session-cookie-secure") ?? "") ? true : "auto",
    maxAge: seconds("session-cookie-max-age"),
    expires: seconds("session-cookie-expires"),
    ingressNginx: { mode, backend: "shop-cart-80" },
  };
}

const written = vectors<{ vectors: Written[] }>("ingress-nginx/set_cookie.json")?.vectors ?? HANDFUL;
it.each(written.filter(({ id }) => !DIFFER.has(id)))(
  "writes its cookie as ingress-nginx does: $id",
  async ({ annotations, rule_host, rule_path, request, now, set_cookie }) => {
    const config = liveConfig("balanced", "shop-cart-80", ["10.1.0.11:8080"]);
    const cookie = optionsOf(annotations);
    const [affinity, plain] = [
      cookie === undefined ? "none" : { cookie },
      { affinity: "none", pods: config.pools.web.pods },
    ];
    const hosts = (rule_host === "_" ? ["*"] : [rule_host]).map((host) => ({
      host,
      path: rule_path,
      pool: "web",
    }));
    const edge = await TestEdge.start({
      config: {
        ...config,
        pools: { web: { ...config.pools.web, affinity }, plain },
        routes: rule_host === "_" ? hosts : [...hosts, { path: "/", pool: "plain" }],
      },
      now: () => now * 1000,
    });
    const headers: Record<string, string> =
      request.user_agent === null ? {} : { "user-agent": request.user_agent };
    const answer = await edge.ask(`${request.scheme}://${request.host}${rule_path}`, { headers });
    const lines = answer.headers.getSetCookie().map((line) => line.replace(/=[\w-]{96};/, "={VALUE};"));
    expect(lines).toEqual(set_cookie.map(({ template }) => template));
  },
);
