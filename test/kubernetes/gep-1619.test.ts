import { describe, expect, it } from "vitest";
import { outcomeOf, TestEdge } from "../support/edge.ts";
import {
  at,
  Browser,
  HOST,
  NAMED,
  policyOf,
  read,
  routeOf,
  START,
  splitOf,
  start,
  told,
  V1,
} from "../support/gateway.ts";

/** Each MUST of GEP-1619, session persistence, by its own words; and its conformance tests, by the steps of real requests. */

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
