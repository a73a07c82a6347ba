import { beforeEach, describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";
import { MemoryStore } from "../support/memory-store.ts";

/**
 * Found by the fleet: a session went from web-4, which was disabled, to web-3, which was killed, to web-5. An edge that had
 * heard of none of it told that it had left web-4 because that was gone, and the ledger had a cause that never was.
 */

const POD_IDS = ["web-0", "web-1", "web-2", "web-3"];
const config = (affinity: object[] | undefined) => ({
  version: 1,
  explain: true,
  pools: {
    web: { pods: POD_IDS.map((id, i) => ({ id, url: `http://127.0.0.1:${i + 1}` })), affinity },
  },
  routes: [{ pool: "web" }],
});

const KEYED = [{ header: { name: "x-client" } }];
const CASES = [
  { by: "key", affinity: KEYED },
  { by: "cookie", affinity: undefined },
];

describe.each(CASES)("the moves of a session that a $by carries", ({ by, affinity }) => {
  let edges: [TestEdge, TestEdge, TestEdge];
  let store: MemoryStore;
  let cookie: string;
  let later = 0;
  const dead = new Set<string>();

  beforeEach(async () => {
    dead.clear();
    later = 0;
    store = new MemoryStore();
    const start = () =>
      TestEdge.start({
        config: config(affinity),
        store,
        now: () => Date.now() + later,
        pod: ({ pod: { id } }) => (dead.has(id) ? "connect" : new Response(id)),
        connects: (id) => !dead.has(id),
      });
    edges = [await start(), await start(), await start()];
  });

  /** A request with the cookie of the first answer, however often others have been told of a newer one. */
  async function ask(edge: TestEdge, held = cookie): Promise<{ pod: string; cookie: string }> {
    const headers = by === "key" ? { "x-client": "ann" } : { cookie: held };
    const answer = await edge.ask("http://shop.test/", { headers });
    await edge.idle();
    return { pod: await answer.text(), cookie: cookiesOf(answer)[0]?.join("=") ?? held };
  }
  const tagOf = ({ view }: TestEdge, id: string) =>
    tagToHex(view.pools[0]!.pods.find(({ pod }) => pod.id === id)!.pod.tag);
  const states = (health: Record<string, "disabled" | "down">) => {
    for (const edge of edges) {
      edge.health(Object.fromEntries(Object.entries(health).map(([id, state]) => [tagOf(edge, id), state])));
    }
  };
  const told = (edge: TestEdge) =>
    edge.edge.breaks.splice(0).map(({ at: _, sid: __, idle, ...leg }) => {
      // A key's sid outlives its session: the ledger must know by when everyone has forgotten it.
      expect(idle).toBe(by === "key" ? 10_800 : undefined);
      return leg;
    });

  async function begun(): Promise<string> {
    const first = await ask(edges[0], "");
    ({ cookie } = first);
    for (const edge of edges) expect((await ask(edge)).pod).toBe(first.pod);
    for (const edge of edges) expect(told(edge)).toEqual([]);
    return first.pod;
  }

  it("are told by who hears of the last one only, without the pod that it cannot know", async () => {
    const [first, , late] = edges;
    const a = await begun();
    states({ [a]: "disabled" });
    const { pod: b, cookie: second } = await ask(first);
    states({ [a]: "disabled", [b]: "down" });
    const { pod: c } = await ask(first, second);
    expect(told(first)).toEqual([
      { epoch: 2, pool: "web", from: a, to: b, cause: "moved-by-operator" },
      { epoch: 3, pool: "web", from: b, to: c, cause: "pod-gone" },
    ]);
    expect((await ask(late)).pod).toBe(c);
    expect(told(late)).toEqual([{ epoch: 3, pool: "web", from: "", to: c, cause: "pod-gone" }]);
    if (by === "cookie") return;
    // So does who asks the store of a key before it looks where it is, as all do after a heartbeat's period.
    later = 5000;
    const [, still] = edges;
    expect((await ask(still)).pod).toBe(c);
    expect(told(still)).toEqual([{ epoch: 3, pool: "web", from: "", to: c, cause: "pod-gone" }]);
  });

  it("are told both by who hears of the first and makes the second", async () => {
    const [first, second] = edges;
    const a = await begun();
    states({ [a]: "disabled" });
    const { pod: b } = await ask(first);
    // Whoever moved it there dies before its heartbeat.
    told(first);
    states({ [a]: "disabled", [b]: "down" });
    const { pod: c } = await ask(second);
    expect(told(second)).toEqual([
      { epoch: 2, pool: "web", from: a, to: b, cause: "moved-by-operator", passed: true },
      { epoch: 3, pool: "web", from: b, to: c, cause: "pod-gone" },
    ]);
  });

  it("are one where the first pod never answered: from where it was, for the reason that it had", async () => {
    const [first, probe] = edges;
    const a = await begun();
    states({ [a]: "disabled" });
    // Another tries where it would go; then nobody has ever tried.
    const before = [...store.bindings];
    const { pod: b } = await ask(probe);
    store.bindings.clear();
    for (const [sid, binding] of before) store.bindings.set(sid, binding);
    dead.add(b);
    const { pod: c } = await ask(first);
    expect(c).not.toBe(b);
    expect(told(first)).toEqual([{ epoch: 3, pool: "web", from: a, to: c, cause: "moved-by-operator" }]);
  });

  /** It was told to have left web-6 because its pod before that had left the config, for which nobody had touched web-6. */
  it("are two where another had moved it to that pod, of which the store was too late to tell", async () => {
    const [first, second] = edges;
    const a = await begun();
    states({ [a]: "disabled" });
    const { pod: b } = await ask(first);
    told(first);
    dead.add(b);
    const swap = second.store.swap.bind(second.store);
    // The first question has no answer in time, the next one has.
    second.store.swap = async () => {
      second.store.swap = swap;
      throw new Error("too late");
    };
    const { pod: c } = await ask(second);
    expect(told(second)).toEqual([
      { epoch: 2, pool: "web", from: a, to: b, cause: "moved-by-operator", passed: true },
      { epoch: 3, pool: "web", from: b, to: c, cause: "pod-gone" },
    ]);
    expect([...store.bindings.values()]).toMatchObject([{ epoch: 3, cause: "pod-gone" }]);
  });
});
