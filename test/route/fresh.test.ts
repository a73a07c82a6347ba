import { expect, it } from "vitest";
import { TestEdge } from "../support/edge.ts";

const pods = [0, 1].map((i) => ({ id: `p-${i}`, url: `http://127.0.0.1:${i + 1}` }));
const config = (fresh: boolean) => ({
  version: 1,
  explain: true,
  pools: { web: { policy: { "least-request": { fresh } }, pods } },
  routes: [{ pool: "web" }],
});
const told = {
  incarnation: 1,
  revision: 1,
  health: {},
  feed: { entries: [], seq: 0 },
  next: 1000,
  isolates: 2,
};

it("asks for the load before a long request is placed, where the pool says so and what is known is old", async () => {
  let now = 1_800_000_000_000;
  const asked: number[] = [];
  const start = async (fresh: boolean) => {
    const edge = await TestEdge.start({
      config: config(fresh),
      now: () => now,
      refresh: async () => void asked.push(now),
    });
    // Requests last 20 s in the middle.
    edge.view.pools[0]!.hear({ ...told, load: { web: { m: 20, pods: {} } } }, {}, now, 1000);
    return edge;
  };
  const edge = await start(true);
  const cookie = (await edge.ask("http://shop.test/")).headers.getSetCookie()[0]!.split(";")[0]!;
  expect(asked).toEqual([]);
  now += 1001;
  await edge.ask("http://shop.test/");
  expect(asked).toEqual([now]);
  // A session that is bound never waits.
  await edge.ask("http://shop.test/", { headers: { cookie } });
  const other = await start(false);
  now += 5000;
  await other.ask("http://shop.test/");
  expect(asked).toHaveLength(1);
});
