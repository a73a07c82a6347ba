import { describe, expect, it } from "vitest";
import { parseText } from "../../src/kubernetes/parse-text.ts";
import { cookiesOf, type EdgeOptions, outcomeOf, TestEdge } from "../support/edge.ts";

/** Each MUST of GEP-1619, session persistence, by its own words; and its conformance tests, by the steps of real requests. */

const START = 1_800_000_000_000;
const HOST = "http://shop.test";

/** Services of three pods each; nothing is behind their addresses. */
const SERVICES = ["servicev1", "servicev2"]
  .map(
    (name, i) => `kind: Service
apiVersion: v1
metadata: { name: ${name} }
spec: { ports: [{ port: 80 }] }
---
kind: EndpointSlice
apiVersion: discovery.k8s.io/v1
metadata: { name: ${name}-1, labels: { kubernetes.io/service-name: ${name} } }
addressType: IPv4
ports: [{ port: 8080 }]
endpoints: [${[0, 1, 2].map((j) => `{ addresses: [10.0.${i}.${j}], targetRef: { kind: Pod, name: ${name}-${j} } }`).join(", ")}]
`,
  )
  .join("---\n");

const routeOf = (...rules: string[]) => `kind: HTTPRoute
apiVersion: gateway.networking.k8s.io/v1
metadata: { name: route-x }
spec:
  rules:
${rules.map((rule) => `    - ${rule}\n`).join("")}`;
const policyOf = (name: string, service: string, persistence: string) => `kind: BackendLBPolicy
apiVersion: gateway.networking.k8s.io/v1alpha2
metadata: { name: ${name} }
spec:
  targetRefs: [{ group: "", kind: Service, name: ${service} }]
  sessionPersistence: ${persistence}
`;
const V1 = "backendRefs: [{ name: servicev1, port: 80 }]";
const splitOf = (first: number, second: number) =>
  `backendRefs: [{ name: servicev1, port: 80, weight: ${first} }, { name: servicev2, port: 80, weight: ${second} }]`;
const at = (path: string, ...rest: string[]) =>
  `{ matches: [{ path: { value: ${path} } }], ${rest.join(", ")} }`;

function read(...documents: string[]) {
  const result = parseText(["version: 1\nexplain: true\n", SERVICES, ...documents].join("---\n"));
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result;
}

/** What is said of an object, by its level. */
function told(level: string, object: string, ...documents: string[]): string[] {
  const { notices } = read(...documents);
  return notices
    .filter((notice) => notice.level === level && notice.object === object)
    .map(({ path, message }) => `${path}: ${message}`);
}

/** A browser on one host: cookies by name and path. */
class Browser {
  readonly #cookies = new Map<string, { readonly path: string; readonly pair: string }>();
  /** Another one has the config that comes next. */
  edge: TestEdge;
  lines: string[] = [];

  constructor(edge: TestEdge) {
    this.edge = edge;
  }

  async get(path: string): Promise<{ pod: string; outcome: string; status: number }> {
    const sent = [...this.#cookies.values()].filter(
      (one) => one.path === "/" || path === one.path || path.startsWith(`${one.path}/`),
    );
    const headers = { cookie: sent.map(({ pair }) => pair).join("; ") };
    const response = await this.edge.ask(HOST + path, sent.length === 0 ? {} : { headers });
    await this.edge.idle();
    this.lines = response.headers.getSetCookie();
    cookiesOf(response).forEach(([name, value], i) => {
      const own = /; Path=([^;]*)/.exec(this.lines[i]!)?.[1] ?? "/";
      this.#cookies.set(`${name} ${own}`, { path: own, pair: `${name}=${value}` });
    });
    return { pod: await response.text(), outcome: outcomeOf(response), status: response.status };
  }
}

async function start(documents: readonly string[], more: Partial<EdgeOptions> = {}) {
  const clock = { now: START };
  const { document } = read(...documents);
  const edge = await TestEdge.start({ config: document as object, now: () => clock.now, ...more });
  return { edge, clock, browser: () => new Browser(edge) };
}

const NAMED = "sessionPersistence: { sessionName: session-a, absoluteTimeout: 1h }";

describe("where it is attached", () => {
  const both = [
    policyOf("lbp", "servicev1", "{ sessionName: policy, absoluteTimeout: 1h }"),
    routeOf(at("/", "sessionPersistence: { sessionName: rule, absoluteTimeout: 1h }", V1)),
  ];

  it("configuration at a rule MUST override that of a BackendLBPolicy, and says so", async () => {
    const { browser } = await start(both);
    const one = browser();
    await one.get("/");
    expect(one.lines[0]).toMatch(/^rule=/);
    expect(told("changed", "BackendLBPolicy default/lbp", ...both).join()).toMatch(/the rule says itself/);
  });

  it("persistence of a rule MUST NOT affect traffic of other rules", async () => {
    const { browser } = await start([routeOf(at("/a", NAMED, V1), at("/b", V1))]);
    const one = browser();
    expect((await one.get("/a")).outcome).toBe("bound");
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) {
      const { pod, outcome } = await one.get("/b");
      expect([outcome, one.lines]).toEqual(["unkeyed", []]);
      seen.add(pod);
    }
    expect(seen.size).toBe(3);
  });

  it("a route MUST be rejected where a Service's own affinity is in the way: requests go to pods here, so it gives way", async () => {
    const sticky = `kind: Service
apiVersion: v1
metadata: { name: servicev1 }
spec: { ports: [{ port: 80 }], sessionAffinity: ClientIP }
`;
    const documents = [sticky, routeOf(at("/", NAMED, V1))];
    const { browser } = await start(documents);
    const pods = new Set<string>();
    // All of one address: by ClientIP they would be one session.
    for (let i = 0; i < 30; i++) pods.add((await browser().get("/")).pod);
    expect(pods.size).toBe(3);
    expect(told("changed", "Service default/servicev1", ...documents).join()).toMatch(/goes before it/);
  });
});

describe("traffic splitting", () => {
  it("persistence to a single backend MUST be maintained across services, even if the weight is 0", async () => {
    const before = await start([routeOf(at("/", NAMED, splitOf(50, 50)))]);
    const clients = Array.from({ length: 12 }, () => new Browser(before.edge));
    const first = [];
    for (const one of clients) first.push((await one.get("/")).pod);
    expect(new Set(first.map((pod) => pod.slice(0, 9))).size).toBe(2);
    const { document } = read(routeOf(at("/", NAMED, splitOf(0, 50))));
    const after = await TestEdge.start({
      config: document as object,
      store: before.edge.store,
      now: () => START,
    });
    for (const [i, one] of clients.entries()) {
      one.edge = after;
      expect(await one.get("/")).toMatchObject({ outcome: "kept", pod: first[i] });
    }
    for (let i = 0; i < 20; i++) expect((await new Browser(after).get("/")).pod).toMatch(/^servicev2/);
  });

  it("a policy on some backends MUST be for all of them, for none, or for those alone: it is for all, and says so", async () => {
    const documents = [
      policyOf("lbp", "servicev1", "{ sessionName: cart, absoluteTimeout: 1h }"),
      routeOf(at("/", splitOf(50, 50))),
    ];
    const { browser } = await start(documents);
    const services = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const one = browser();
      const { pod } = await one.get("/");
      services.add(pod.slice(0, 9));
      for (let again = 0; again < 3; again++)
        expect(await one.get("/")).toMatchObject({ pod, outcome: "kept" });
    }
    expect(services).toEqual(new Set(["servicev1", "servicev2"]));
    expect(told("changed", "BackendLBPolicy default/lbp", ...documents).join()).toMatch(
      /all backends of the rule/,
    );
  });

  it("who was routed to a service MUST continue to be, and who is new goes by weight: 70 to 30 of 500", async () => {
    const { browser } = await start([routeOf(at("/", NAMED, splitOf(70, 30)))]);
    let first = 0;
    for (let i = 0; i < 500; i++) {
      const one = browser();
      const { pod } = await one.get("/");
      if (pod.startsWith("servicev1")) first++;
      if (i % 10 === 0) expect(await one.get("/")).toMatchObject({ pod, outcome: "kept" });
    }
    expect(Math.abs(first / 500 - 0.7)).toBeLessThan(0.05);
  });
});

describe("the cookie", () => {
  const permanent =
    "sessionPersistence: { sessionName: session-a, absoluteTimeout: 5m, cookieConfig: { lifetimeType: Permanent } }";

  it("Permanent: absoluteTimeout MUST configure Expires or Max-Age", async () => {
    const { browser } = await start([routeOf(at("/", permanent, V1))]);
    const one = browser();
    await one.get("/");
    expect(one.lines[0]).toMatch(/^session-a=[\w-]{96}; Max-Age=300; Path=\/; HttpOnly; SameSite=Lax$/);
  });

  it("Session: absoluteTimeout MUST regulate its life by another way, without an attribute", async () => {
    const { browser, clock } = await start([
      routeOf(
        at("/", "sessionPersistence: { sessionName: session-a, absoluteTimeout: 10m, idleTimeout: 9m }", V1),
      ),
    ]);
    const one = browser();
    expect((await one.get("/")).outcome).toBe("bound");
    expect(one.lines[0]).not.toMatch(/Max-Age|Expires/i);
    // Seen all the time, and over all the same.
    for (let minute = 1; minute < 10; minute++) {
      clock.now = START + minute * 60_000;
      expect((await one.get("/")).outcome).toBe("kept");
      for (const line of one.lines) expect(line).not.toMatch(/Max-Age|Expires/i);
    }
    clock.now = START + 10 * 60_000 + 1000;
    expect((await one.get("/")).outcome).toBe("bound");
  });

  it("Permanent: absoluteTimeout MUST be set as well", () => {
    const bad = routeOf(at("/", "sessionPersistence: { cookieConfig: { lifetimeType: Permanent } }", V1));
    expect(parseText(`${SERVICES}---\n${bad}`)).toMatchObject({
      ok: false,
      errors: [
        {
          path: "HTTPRoute default/route-x: spec.rules[0].sessionPersistence.absoluteTimeout",
          message: "is missing",
        },
      ],
    });
  });

  it("of a policy: Path MUST NOT be a route's, as many routes lead to one service; without Path it would be narrower than /", async () => {
    const { browser } = await start([
      policyOf("lbp", "servicev1", "{ sessionName: cart, absoluteTimeout: 1h }"),
      routeOf(at("/deep/in/a/shop", V1)),
    ]);
    const one = browser();
    await one.get("/deep/in/a/shop/1");
    expect(one.lines[0]).toMatch(/; Path=\/;/);
  });

  it("a browser that asks several persistent services from one page MUST be handled", async () => {
    const { browser } = await start([
      routeOf(
        at("/a", "sessionPersistence: { sessionName: a, absoluteTimeout: 1h }", V1),
        at("/b", "sessionPersistence: { sessionName: b, absoluteTimeout: 1h }", splitOf(0, 1)),
      ),
    ]);
    const one = browser();
    const [a, b] = [await one.get("/a"), await one.get("/b")];
    for (let i = 0; i < 5; i++) {
      expect(await one.get("/a")).toMatchObject({ pod: a.pod, outcome: "kept" });
      expect(await one.get("/b")).toMatchObject({ pod: b.pod, outcome: "kept" });
    }
  });

  it("multiple cookies MUST be handled: those of the application pass both ways beside it", async () => {
    const seen: (string | null)[] = [];
    const { edge } = await start([routeOf(at("/", NAMED, V1))], {
      pod: ({ pod, headers }) => {
        seen.push(new Headers(headers).get("cookie"));
        return new Response(pod.id, { headers: { "set-cookie": "JSESSIONID=1; Path=/" } });
      },
    });
    const first = await edge.ask(`${HOST}/`, { headers: { cookie: "theme=dark" } });
    const [own, minted] = [
      cookiesOf(first).find(([name]) => name === "session-a")!,
      cookiesOf(first).find(([name]) => name === "JSESSIONID")!,
    ];
    expect([own[1].length, minted[1]]).toEqual([96, "1"]);
    const again = await edge.ask(`${HOST}/`, {
      headers: { cookie: `theme=dark; session-a=${own[1]}; JSESSIONID=1` },
    });
    expect(outcomeOf(again)).toBe("kept");
    expect(seen).toEqual(["theme=dark", "theme=dark; JSESSIONID=1"]);
  });
});

describe("rules", () => {
  const cart = "sessionPersistence: { sessionName: cart, absoluteTimeout: 1h }";

  it("that lead to the same service MUST NOT share sessions: /a is bound to servicev1, and /b MUST go to servicev2", async () => {
    const { browser } = await start([routeOf(at("/a", cart, V1), at("/b", cart, splitOf(0, 100)))]);
    for (let i = 0; i < 10; i++) {
      const one = browser();
      expect((await one.get("/a")).pod).toMatch(/^servicev1/);
      const { pod, outcome } = await one.get("/b");
      expect([pod.slice(0, 9), outcome]).toEqual(["servicev2", "bound"]);
    }
  });

  it("MUST NOT share them either if a BackendLBPolicy is what makes them persist", async () => {
    const { browser } = await start([
      policyOf("lbp", "servicev1", "{ sessionName: service-cookie, absoluteTimeout: 1h }"),
      routeOf(at("/a", V1), at("/b", V1)),
    ]);
    const pairs = new Set<boolean>();
    for (let i = 0; i < 20; i++) {
      const one = browser();
      const [a, b] = [await one.get("/a"), await one.get("/b")];
      expect([a.outcome, b.outcome]).toEqual(["bound", "bound"]);
      pairs.add(a.pod === b.pod);
      expect(await one.get("/a")).toMatchObject({ pod: a.pod, outcome: "kept" });
      expect(await one.get("/b")).toMatchObject({ pod: b.pod, outcome: "kept" });
    }
    // Each draws its own pod: some are the same by chance, and not all.
    expect(pairs).toEqual(new Set([true, false]));
  });

  it("nor where Istio says what carries a Service's sessions: who is at the other side of a split is not kept there by another rule", async () => {
    const hash = `kind: DestinationRule
apiVersion: networking.istio.io/v1
metadata: { name: hash }
spec: { host: servicev1, trafficPolicy: { loadBalancer: { consistentHash: { httpHeaderName: x-user } } } }
`;
    const { edge } = await start([hash, routeOf(at("/a", splitOf(0, 100)), at("/b", V1))]);
    const ask = async (path: string) => {
      const response = await edge.ask(HOST + path, { headers: { "x-user": "alice" } });
      await edge.idle();
      return (await response.text()).slice(0, 9);
    };
    expect([await ask("/a"), await ask("/a"), await ask("/b")]).toEqual([
      "servicev2",
      "servicev2",
      "servicev1",
    ]);
  });

  it("a cookie of one rule that is sent to another says nothing there, also under the same name", async () => {
    const { edge } = await start([routeOf(at("/a", cart, V1), at("/b", cart, V1))]);
    const first = await edge.ask(`${HOST}/a`);
    const [[, value] = []] = cookiesOf(first);
    const there = await edge.ask(`${HOST}/b`, { headers: { cookie: `cart=${value}` } });
    expect(outcomeOf(there)).toBe("bound");
  });
});

describe("session naming collision", () => {
  it("two Services of one sessionName are invalid: the policy that comes later is not taken, and says so", () => {
    const same = "{ sessionName: split-route-cookie, absoluteTimeout: 1h }";
    const documents = [
      policyOf("lbp-1", "servicev1", same),
      policyOf("lbp-2", "servicev2", same),
      routeOf(at("/", splitOf(50, 50))),
    ];
    expect(told("invalid", "BackendLBPolicy default/lbp-2", ...documents)).toEqual([
      expect.stringMatching(/^spec.sessionPersistence.sessionName: two Services cannot/),
    ]);
  });
});

describe("conformance", () => {
  it("the first response MUST set a cookie, and 50 requests with it MUST reach one pod, without an expiry", async () => {
    const { browser } = await start([routeOf(at("/", "sessionPersistence: { type: Cookie }", V1))]);
    const one = browser();
    const { pod } = await one.get("/");
    expect(one.lines[0]).toMatch(/^mooring-\w+=/);
    expect(one.lines[0]).not.toMatch(/Max-Age|Expires/i);
    for (let i = 0; i < 50; i++) expect(await one.get("/")).toMatchObject({ pod, outcome: "kept" });
  });

  it("type Header: the response has a token, and a request with it MUST reach the same pod", async () => {
    const { edge } = await start([
      routeOf(
        at("/", "sessionPersistence: { type: Header, sessionName: Session-A, absoluteTimeout: 1h }", V1),
      ),
    ]);
    const first = await edge.ask(`${HOST}/`);
    const [token, pod] = [first.headers.get("session-a")!, await first.text()];
    expect(token).toMatch(/^[\w-]{96}$/);
    for (let i = 0; i < 50; i++) {
      const again = await edge.ask(`${HOST}/`, { headers: { "session-a": token } });
      expect([await again.text(), outcomeOf(again)]).toEqual([pod, "kept"]);
    }
  });
});

describe("pools of a rule", () => {
  const names = (...rules: string[]) =>
    Object.keys((read(routeOf(...rules)).document as { readonly pools: object }).pools);

  it("are the same once the API server has written its defaults into what was applied by hand", () => {
    const [byHand] = names(`{ ${NAMED}, ${V1} }`);
    const [stored] = names(
      `{ matches: [{ path: { type: PathPrefix, value: / } }], ${NAMED}, backendRefs: [{ group: "", kind: Service, name: servicev1, port: 80, weight: 1 }] }`,
    );
    expect(byHand).toBe(stored);
    const header = (type: string) =>
      `{ matches: [{ headers: [{ ${type}name: a, value: b }] }], ${NAMED}, ${V1} }`;
    expect(names(header(""))).toEqual(names(header("type: Exact, ")));
  });

  it("stay when rules change places, and another match is another rule", () => {
    const [a, b] = [at("/a", NAMED, V1), at("/b", NAMED, V1)];
    expect(names(a, b).sort()).toEqual(names(b, a).sort());
    expect(names(at("/c", NAMED, V1))).not.toEqual(names(a));
  });
});
