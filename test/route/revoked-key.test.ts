import { beforeEach, describe, expect, it } from "vitest";
import { tagFromHex, tagToHex } from "../../src/model/pod.ts";
import { outcomeOf, TestEdge } from "../support/edge.ts";
import { MemoryStore } from "../support/memory-store.ts";

const CONFIG = {
  version: 1,
  explain: true,
  pools: {
    web: {
      pods: [0, 1, 2].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
      affinity: [{ header: { name: "x-client" } }],
    },
  },
  routes: [{ pool: "web" }],
};
const EXP = 2_000_000_000_000;

/**
 * An edge that had heard of the revocation called what began after it `kept` where it came to the same pod, and else a move
 * with a cause of its own: the ledger had two breaks for one.
 */
describe("a keyed session that was moved, and then revoked", () => {
  let now = 0;
  let store: MemoryStore;
  let edges: TestEdge[];
  const ask = async (edge: number) => {
    const answer = await edges[edge]!.ask("http://shop.test/", { headers: { "x-client": "ann" } });
    await edges[edge]!.idle();
    return `${outcomeOf(answer)} ${await answer.text()}`;
  };
  /** As the coordinator does it: the store first, then every edge hears. */
  const change = async (op: "rebind" | "revoke", away: string) => {
    const [held] = [...store.bindings.values()];
    const pods = edges[0]!.view.pools[0]!.pods.map(({ pod }) => pod);
    const to =
      op === "revoke" ? held!.pod : pods.find(({ tag, id }) => tag !== held!.pod && id !== away)!.tag;
    const cause = op === "revoke" ? "revoked" : "moved-by-operator";
    const { epoch } = await store.swap({ ...held!, op, to, home: to, cause });
    const entry = {
      seq: epoch,
      sid: held!.sid,
      epoch,
      to: op === "revoke" ? null : tagToHex(to),
      cause,
      exp: EXP,
    } as const;
    for (const { edge } of edges) edge.feed.hear([entry], epoch, now);
    return pods.find(({ tag }) => tag === tagFromHex(tagToHex(to)))!.id;
  };

  beforeEach(async () => {
    now = 1_800_000_000_000;
    store = new MemoryStore();
    edges = await Promise.all([0, 1].map(() => TestEdge.start({ config: CONFIG, store, now: () => now })));
  });

  it.each([
    ["begins once, at one pod for both edges, and left none", false],
    ["begins at each edge by its hash when the store is away, and left no pod either", true],
  ])("%s", async (_, away) => {
    const home = (await ask(0)).split(" ")[1]!;
    expect(await ask(1)).toBe(`kept ${home}`);
    const other = await change("rebind", home);
    expect([await ask(0), await ask(1)]).toEqual([`moved ${other}`, `moved ${other}`]);
    const told = edges.flatMap(({ edge }) => edge.breaks.splice(0));
    expect(new Set(told.map(({ epoch, cause }) => `${epoch} ${cause}`))).toEqual(
      new Set(["2 moved-by-operator"]),
    );
    await change("revoke", "");
    if (away) store.swap = () => Promise.reject(new Error("the store is away"));
    expect(await ask(0)).toBe(`bound ${home}`);
    expect(await ask(1)).toBe(`${away ? "bound" : "kept"} ${home}`);
    now += 2000;
    expect([await ask(0), await ask(1)]).toEqual([`kept ${home}`, `kept ${home}`]);
    expect(edges.flatMap(({ edge }) => edge.breaks)).toEqual([]);
    if (!away) expect([...store.bindings.values()]).toMatchObject([{ epoch: 4, state: "A" }]);
  });
});
