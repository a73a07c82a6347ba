import { describe, expect, it } from "vitest";
import { cookiesOf, outcomeOf } from "../support/edge.ts";
import { at, HOST, NAMED, policyOf, read, routeOf, splitOf, start, V1 } from "../support/gateway.ts";

/** What GEP-1619, session persistence, says of several rules of a route: they share no sessions. */

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
