import { describe, expect, it } from "vitest";
import { TestEdge } from "../support/edge.ts";

const NOW = 1_800_000_000_000;
const SESSIONS = 4000;

/** The part of the new sessions that one of four pods takes, `age` milliseconds after its start. */
async function shareOf(policy: string, slowStart: object, age: number): Promise<number> {
  const edge = await TestEdge.start({
    config: {
      version: 1,
      pools: {
        web: {
          policy,
          affinity: "none",
          slowStart,
          pods: Array.from({ length: 4 }, (_, i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })),
        },
      },
      routes: [{ pool: "web" }],
    },
    now: () => NOW,
  });
  const [pool] = edge.view.pools;
  const starting = { [pool!.tags[0]!]: age };
  const feed = { entries: [], seq: 0 };
  pool!.hear({ incarnation: 1, revision: 1, health: {}, feed, next: 1000, starting }, {}, NOW, 1000);
  for (let i = 0; i < SESSIONS; i++) await edge.ask("http://shop.test/");
  return edge.shipped.filter(({ pod }) => pod.id === "web-0").length / SESSIONS;
}

// From what the config says, over what the coordinator tells, to where new sessions go. Policies that hash pass by the pod
// for a part of its keys, which the others share: it keeps w of its quarter. Of others a pick of it is turned down and
// drawn again: w to 3 for the other three. σ of a share near 1/8 in 4,000 is 0.5 %; 5 σ on either side, and a twentieth for
// how evenly a hash spreads.
describe("a pod that starts slowly", () => {
  const window = "60s";
  it.each([
    ["a quarter of the way, aggression 1", { window }, 15_000, 0.25],
    ["a quarter of the way, aggression 2", { window, aggression: 2 }, 15_000, 0.5],
    ["a quarter of the way, aggression 0.5", { window, aggression: 0.5, minimum: "1%" }, 15_000, 1 / 16],
    ["at its start, minimum 40 %", { window, minimum: "40%" }, 0, 0.4],
    ["at its end", { window }, 60_000, 1],
  ] as const)("takes its share: %s", async (_, slowStart, age, warmth) => {
    const hashed = await shareOf("consistent-hash", slowStart, age);
    expect(Math.abs(hashed - warmth / 4)).toBeLessThan(0.025 + (0.05 * warmth) / 4);
    const drawn = await shareOf("random", slowStart, age);
    expect(Math.abs(drawn - warmth / (3 + warmth))).toBeLessThan(0.03);
  });
});
