import { describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import type { Failure } from "../../src/route/edge.ts";
import { explain } from "../../src/route/explain.ts";
import { View } from "../../src/route/view.ts";
import { testCore } from "../support/core.ts";
import { cookiesOf, type EdgeOptions, outcomeOf, TestEdge } from "../support/edge.ts";
import { backendKey, liveConfig } from "../support/live-cookies.ts";
import {
  BACKEND,
  ENDPOINTS,
  FIRST,
  idOf,
  named,
  P0,
  P1,
  P2,
  RING,
  reached,
  SECOND,
  start,
  THIRD,
} from "../support/live-pods.ts";
import { MemoryStore } from "../support/memory-store.ts";

describe("reading", () => {
  it.each([
    ["one among others", `a=1; INGRESSCOOKIE=${THIRD}|x; b=2`, P2],
    ["the last of two", `INGRESSCOOKIE=${THIRD}|x; INGRESSCOOKIE=${FIRST}|x`, P0],
    ["up to a blank", `INGRESSCOOKIE=${SECOND} y; b=2`, P1],
    ["up to a tab", `INGRESSCOOKIE=${SECOND}\ty`, P1],
    ["with a comma in it", "INGRESSCOOKIE=foo,|x; b=2", idOf(ENDPOINTS[RING.find("foo,")]!)],
    ["nothing decoded", "INGRESSCOOKIE=fo%6f|x", idOf(ENDPOINTS[RING.find("fo%6f")]!)],
    ["of a second Cookie header", `a=1, INGRESSCOOKIE=${THIRD}`, P2],
    ["of a first Cookie header", `INGRESSCOOKIE=${THIRD}, a=1`, P2],
  ])("%s", async (_, cookie, pod) => {
    // Chance alone finds one pod ten times in a row once in 59,049 times.
    const edge = await start("balanced");
    for (let i = 0; i < 10; i++) expect(await reached(edge, cookie)).toBe(pod);
  });

  it.each([
    ["another case of the name", `ingresscookie=${THIRD}`],
    ["an empty value", "INGRESSCOOKIE="],
    ["an empty last one", `INGRESSCOOKIE=${THIRD}|x; INGRESSCOOKIE=`],
    ["bars alone", "INGRESSCOOKIE=||"],
    ["a token of ours that nobody sealed", `INGRESSCOOKIE=${"A".repeat(96)}`],
    ["a name that only ends so", `XINGRESSCOOKIE=${THIRD}`],
  ])("finds none in %s", async (_, cookie) => {
    const edge = await start("balanced");
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) seen.add(await reached(edge, cookie));
    expect(seen.size).toBe(3);
  });

  it("ends with the day that the config names", async () => {
    const ingressNginx = { mode: "persistent", backend: BACKEND, until: "2027-03-01" };
    let now = Date.UTC(2027, 2, 1, 23, 59, 59, 999);
    const edge = await start("persistent", { now: () => now }, { ingressNginx });
    for (let i = 0; i < 10; i++) expect(await reached(edge, named(ENDPOINTS[1]!))).toBe(P1);
    now += 1;
    const seen = new Set<string>();
    for (let i = 0; i < 40; i++) seen.add(await reached(edge, named(ENDPOINTS[1]!)));
    expect(seen.size).toBe(3);
  });

  it("is no business of a preflight, nor of a token of ours that opens", async () => {
    const edge = await start("balanced");
    const headers = { cookie: `INGRESSCOOKIE=${THIRD}`, "access-control-request-method": "PUT" };
    const preflight = await edge.ask("http://shop.test/", { method: "OPTIONS", headers });
    expect([outcomeOf(preflight), preflight.headers.has("set-cookie")]).toEqual(["unkeyed", false]);
    const own = cookiesOf(
      await edge.ask("http://shop.test/", { headers: { cookie: `INGRESSCOOKIE=${FIRST}` } }),
    );
    expect(await reached(edge, `${own[0]!.join("=")}; INGRESSCOOKIE=${THIRD}`)).toBe(P0);
  });
});

describe("one client, one session", () => {
  const sids = (store: MemoryStore) => [...store.bindings.keys()];

  it("however many requests of balanced mode come first, at whichever edges", async () => {
    const store = new MemoryStore();
    const edges = [await start("balanced", { store }), await start("balanced", { store })];
    const headers = { cookie: `INGRESSCOOKIE=${THIRD}|${backendKey(BACKEND)}` };
    const answers = await Promise.all(
      Array.from({ length: 8 }, (_, i) => edges[i % 2]!.ask("http://shop.test/", { headers })),
    );
    await Promise.all(edges.map((edge) => edge.idle()));
    expect(new Set(await Promise.all(answers.map((answer) => answer.text())))).toEqual(new Set([P2]));
    expect(sids(store)).toHaveLength(1);
    expect([...store.bindings.values()]).toMatchObject([{ epoch: 1, state: "A" }]);
    // Whichever of the tokens it keeps, it is that session's.
    for (const answer of answers) {
      const cookie = cookiesOf(answer)[0]!.join("=");
      expect(await reached(edges[0]!, cookie)).toBe(P2);
    }
    await edges[0]!.idle();
    expect(sids(store)).toHaveLength(1);
  });

  it("but other clients have others, of balanced mode by their values, of persistent mode by chance", async () => {
    const store = new MemoryStore();
    const edge = await start("balanced", { store });
    for (const key of [THIRD, FIRST, `${THIRD}1`]) await reached(edge, `INGRESSCOOKIE=${key}`);
    await edge.idle();
    expect(sids(store)).toHaveLength(3);
    // A value of persistent mode is that of all clients of its pod, and so is a text that somebody made up.
    const other = await start("persistent", { store });
    for (let i = 0; i < 3; i++) await reached(other, named(ENDPOINTS[0]!));
    for (let i = 0; i < 2; i++) await reached(edge, "INGRESSCOOKIE=foo");
    await Promise.all([edge.idle(), other.idle()]);
    expect(sids(store)).toHaveLength(8);
  });

  it("whose end an old value does not undo", async () => {
    const store = new MemoryStore();
    const edge = await start("balanced", { store });
    await reached(edge, `INGRESSCOOKIE=${THIRD}`);
    await edge.idle();
    const [binding] = [...store.bindings.values()];
    const { sid, exp } = binding!;
    store.bindings.set(sid, { ...binding!, state: "R", epoch: 2, cause: "revoked" });
    // An edge that the feed has told, and one that has not heard of it.
    const told = await start("balanced", { store });
    told.edge.feed.hear([{ seq: 1, sid, epoch: 2, to: null, cause: "revoked", exp }], 1, 0);
    for (const one of [told, await start("balanced", { store })]) {
      const first = await one.ask("http://shop.test/", { headers: { cookie: `INGRESSCOOKIE=${THIRD}` } });
      await one.idle();
      const cookie = cookiesOf(first)[0]!.join("=");
      await one.ask("http://shop.test/", { headers: { cookie } });
      await one.idle();
    }
    expect(store.bindings.get(sid)).toMatchObject({ state: "R", epoch: 2 });
    expect(sids(store)).toHaveLength(3);
  });
});

describe("a pod of a live cookie", () => {
  it("that takes no new sessions keeps it", async () => {
    const config = liveConfig("persistent", BACKEND, ENDPOINTS);
    const pods = config.pools.web.pods.map((pod) => (pod.id === P1 ? { ...pod, weight: 0 } : pod));
    const edge = await TestEdge.start({
      config: { ...config, pools: { web: { ...config.pools.web, pods } } },
    });
    expect(await reached(edge, named(ENDPOINTS[1]!))).toBe(P1);
    const hex = tagToHex(edge.view.pools[0]!.pods[0]!.pod.tag);
    edge.health({ [hex]: "draining" } as never);
    expect(await reached(edge, named(ENDPOINTS[0]!))).toBe(P0);
  });

  it("keeps its place in the ring whatever weight an operator gives it", async () => {
    const edge = await start("balanced");
    const hex = tagToHex(edge.view.pools[0]!.pods[2]!.pod.tag);
    edge.view.weighPods({ [hex]: 0 });
    expect(await reached(edge, `INGRESSCOOKIE=${THIRD}`)).toBe(P2);
  });

  it.each(["balanced", "persistent"] as const)(
    "that is down loses it as any other: it moves, the ledger hears of it, and of %s mode all edges agree",
    async (mode) => {
      const store = new MemoryStore();
      const edges = [await start(mode, { store }), await start(mode, { store })];
      const cookie = mode === "balanced" ? `INGRESSCOOKIE=${THIRD}` : named(ENDPOINTS[2]!);
      const answers = [];
      for (const edge of edges) {
        edge.health({ [tagToHex(edge.view.pools[0]!.pods[2]!.pod.tag)]: "down" });
        const answer = await edge.ask("http://shop.test/", { headers: { cookie } });
        expect(answer.headers.get("mooring-decision")).toMatch(
          `moved; pool=web; pod=${await answer.clone().text()}; from=${P2}; cause=pod-gone`,
        );
        answers.push(await answer.text());
        expect(edge.edge.breaks).toMatchObject([{ from: P2, cause: "pod-gone", epoch: 2 }]);
        await edge.idle();
      }
      if (mode === "persistent") return;
      expect(new Set(answers).size).toBe(1);
      expect(edges[0]!.edge.breaks[0]!.sid).toBe(edges[1]!.edge.breaks[0]!.sid);
      expect(store.bindings.size).toBe(1);
    },
  );

  it.each([
    ["that resets one connection keeps it", true, `bound; pool=web; pod=${P2}`, 0],
    ["that cannot be reached loses it", false, "moved; pool=web; pod=", 1],
  ])("%s", async (_, connects, decision, breaks) => {
    const failures: Failure[] = ["connect"];
    const pod: EdgeOptions["pod"] = ({ pod: { id } }) => (id === P2 && failures.pop()) || new Response(id);
    const edge = await start("balanced", { pod, connects: (id) => connects || id !== P2 });
    const answer = await edge.ask("http://shop.test/", { headers: { cookie: `INGRESSCOOKIE=${THIRD}` } });
    expect(answer.headers.get("mooring-decision")).toContain(decision);
    expect(edge.edge.breaks).toHaveLength(breaks);
    expect(cookiesOf(answer)).toHaveLength(1);
  });
});

describe("a decision by a live cookie", () => {
  it("is explained, and says nothing of the cookie's value", async () => {
    const edge = await start("balanced");
    const { view } = edge;
    const shadow = new View(view.stamp, { ...view.snapshot, explain: true }, [], testCore(), undefined, 0);
    const headers = new Headers({ cookie: `INGRESSCOOKIE=${THIRD}` });
    const request = { url: "http://shop.test/", method: "GET", headers, body: null } as unknown as Request;
    const told = await explain(edge.edge, view, shadow, request);
    shadow.free();
    expect(told).toMatchObject({ outcome: "bound", pool: "web", pod: P2 });
    expect(told.steps).toContainEqual(
      expect.objectContaining({ step: "affinity", by: "ingress-nginx cookie" }),
    );
    expect(told.steps).toContainEqual(
      expect.objectContaining({ step: "pick", by: "the pod of its ingress-nginx cookie", pod: P2 }),
    );
    expect(JSON.stringify(told)).not.toContain(THIRD);
    expect(edge.store.calls).toBe(0);
  });
});
