import { expect, it } from "vitest";
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

/** It was told as `bound`, and the ledger never heard that a session had left its pod. */
it("a keyed session that an edge meets when its pod has just died has moved, and does not begin", async () => {
  const store = new MemoryStore();
  let dead = "";
  const start = () =>
    TestEdge.start({
      config: CONFIG,
      store,
      pod: ({ pod: { id } }) => (id === dead ? "connect" : new Response(id)),
    });
  const [here, there] = await Promise.all([start(), start()]);
  Object.assign(there.edge.forwarder, { connects: async ({ id }: { id: string }) => id !== dead });
  const ask = async (edge: TestEdge) => {
    const answer = await edge.ask("http://shop.test/", { headers: { "x-client": "ann" } });
    await edge.idle();
    return `${outcomeOf(answer)} ${await answer.text()}`;
  };
  const home = (await ask(here)).replace("bound ", "");
  dead = home;
  const [outcome, next] = (await ask(there)).split(" ");
  expect(outcome).toBe("moved");
  expect(next).not.toBe(home);
  expect(there.edge.breaks).toMatchObject([{ epoch: 2, from: home, to: next, cause: "pod-gone" }]);
  // One that nobody had met before begins where it comes to lie.
  const fresh = await there.ask("http://shop.test/", { headers: { "x-client": "bob" } });
  expect(outcomeOf(fresh)).toBe("bound");
});
