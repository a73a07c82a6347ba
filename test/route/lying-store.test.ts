import { describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import type { Swap, Swapped } from "../../src/model/ports.ts";
import { DOUBTED, PROVISIONAL, type Token } from "../../src/sessions/token.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";
import { MemoryStore } from "../support/memory-store.ts";

/** Says of the next compare-and-set what it is told to, whatever came of it, and counts renewals. */
class Liar extends MemoryStore {
  lie: ((truth: Swapped) => Swapped) | undefined;
  renewals = 0;

  override async swap(swap: Swap): Promise<Swapped> {
    const truth = await super.swap(swap);
    const { lie } = this;
    this.lie = undefined;
    return lie === undefined ? truth : lie(truth);
  }

  override renew(...args: Parameters<MemoryStore["renew"]>): ReturnType<MemoryStore["renew"]> {
    this.renewals++;
    return super.renew(...args);
  }
}

const URL = "http://shop.test/";
const config = {
  version: 1,
  pools: { web: { pods: [0, 1, 2].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })) } },
  routes: [{ pool: "web" }],
};

/** Two edges over one store, and a session whose pod both have just heard to be down. */
async function scene() {
  const store = new Liar();
  const edges = [await TestEdge.start({ config, store }), await TestEdge.start({ config, store })] as const;
  const [{ edge, view }] = edges;
  let cookie = "";
  /** The id of the pod that answers. */
  const ask = async (at: 0 | 1) => {
    const answer = await edges[at].ask(URL, { headers: cookie === "" ? {} : { cookie } });
    await edges[at].idle();
    const [set] = cookiesOf(answer);
    if (set !== undefined) cookie = set.join("=");
    return answer.text();
  };
  const home = await ask(0);
  const pods = view.pools[0]!.pods.map(({ pod }) => pod);
  const tagOf = (id: string) => pods.find((pod) => pod.id === id)!.tag;
  for (const each of edges) each.health({ [tagToHex(tagOf(home))]: "down" });
  const token = async () => (await edge.sealer.open("web", cookie.slice(cookie.indexOf("=") + 1)))!.token;
  const carry = async (next: Token) => {
    cookie = `${view.scopes[0]!.cookie!.plainName}=${await edge.sealer.seal("web", next)}`;
  };
  /** The pod that the session must go to by every edge's reckoning, and the third one. */
  const [good, bad] = await (async () => {
    const others = pods.map(({ id }) => id).filter((id) => id !== home);
    const probe = await TestEdge.start({ config });
    probe.health({ [tagToHex(tagOf(home))]: "down" });
    const answer = await probe.ask(URL, { headers: { cookie } });
    const to = await answer.text();
    return [to, others.find((id) => id !== to)!] as const;
  })();
  return { store, edges, ask, tagOf, token, carry, good, bad };
}

describe("a store that lies about a move", () => {
  it("and says that another had made it is asked again: all edges had gone by that until the cookie was renewed", async () => {
    const { store, ask, tagOf, token, good, bad } = await scene();
    const pod = tagOf(bad);
    store.lie = ({ epoch, home }) => ({ verdict: "ADOPT", epoch, pod, home, cause: "", from: pod });
    expect(await ask(0)).toBe(bad);
    expect(await token()).toMatchObject({ epoch: 2, pod, flags: DOUBTED });
    // Finds out behind its response, at whichever edge.
    expect(await ask(1)).toBe(bad);
    expect(await ask(1)).toBe(good);
    for (const at of [0, 1, 0, 1] as const) expect(await ask(at)).toBe(good);
    expect(await token()).toMatchObject({ epoch: 2, pod: tagOf(good), flags: 0 });
    expect((await store.read((await token()).sid))?.pod).toBe(tagOf(good));
  });

  it("and says that it was won is asked again when it has just failed", async () => {
    const { store, edges, ask, tagOf, token, good, bad } = await scene();
    const { sid, epoch, pod, home, exp } = await token();
    // Another edge, with another view, had moved it.
    const life = { created: Date.now(), exp: exp * 1000, via: "web@*" };
    await store.swap({ op: "rebind", sid, epoch, pod, to: tagOf(bad), home, cause: "pod-gone", ...life });
    await edges[0].edge.guard.background(() => Promise.reject(new Error("garbage")));
    store.lie = (truth) => ({ ...truth, verdict: "WON", pod: tagOf(good), cause: "pod-gone", from: pod });
    expect(await ask(0)).toBe(good);
    expect(await ask(1)).toBe(good);
    expect(await ask(1)).toBe(bad);
    for (const at of [0, 1, 0] as const) expect(await ask(at)).toBe(bad);
    expect((await token()).flags).toBe(0);
  });

  it("costs nothing while there is no reason for doubt: who wins a move renews nothing for it", async () => {
    const { store, ask, token, good } = await scene();
    for (const at of [0, 1, 0, 1] as const) expect(await ask(at)).toBe(good);
    expect(await token()).toMatchObject({ epoch: 2, flags: 0 });
    expect(store.renewals).toBe(0);
  });
});

describe("two pods of one epoch, given without the store", () => {
  it("are settled each for itself: what the store said of one had been taken for the other", async () => {
    const { store, edges, ask, tagOf, token, carry, good, bad } = await scene();
    const first = await token();
    const at = (id: string) => ({ ...first, epoch: 2, pod: tagOf(id), flags: PROVISIONAL });
    await carry(at(good));
    // Told to the store, then confirmed.
    for (let i = 0; i < 2; i++) expect(await ask(0)).toBe(good);
    expect((await token()).flags).toBe(0);
    await carry(at(bad));
    expect(await ask(0)).toBe(bad);
    expect(edges[0].edge.settlements.get(first.sid)).toMatchObject({ epoch: 2, ahead: true });
    expect(await ask(0)).toBe(good);
    expect((await store.read(first.sid))?.pod).toBe(tagOf(good));
  });
});
