import { describe, expect, it } from "vitest";
import { bucketOf, Clues } from "../../src/metrics/clues.ts";
import { seeded } from "../support/seeded.ts";

const sid = (n: number) => n.toString(16).padStart(32, "0");
/** A request as the route has it. */
const request = (clues: Clues, who: string) => {
  if (clues.next-- === 0) clues.sample("web", who);
};

describe("the request that is taken down", () => {
  it("is one between two heartbeats, and any of them alike, though one session always comes first", () => {
    // The story of doctor's first hot session: whoever began each round of requests.
    const clues = new Clues(() => chance.word());
    const chance = seeded(7);
    const hits = new Map<string, number>();
    for (let beat = 0; beat < 2000; beat++) {
      for (let i = 0; i < 20; i++) request(clues, sid(i));
      for (const labels of Object.keys(clues.take().sampled ?? {})) {
        const [, who = ""] = JSON.parse(labels) as string[];
        hits.set(who, (hits.get(who) ?? 0) + 1);
      }
    }
    const taken = [...hits.values()].reduce((all, count) => all + count, 0);
    // The draw is among as many as came, so that it is reached with each heartbeat.
    expect(taken).toBe(2000);
    // 100 each in the mean, and by chance 4 standard deviations from that once in ten thousand: 100 ± 40.
    for (let i = 0; i < 20; i++) expect(Math.abs((hits.get(sid(i)) ?? 0) - 100), `${i}`).toBeLessThan(40);
  });

  it("comes soon again where many requests become few", () => {
    const clues = new Clues(() => 2 ** 32 - 1);
    for (let i = 0; i < 1000; i++) request(clues, sid(1));
    expect(clues.take().sampled).toBeDefined();
    expect(clues.next).toBe(999);
    let beats = 0;
    for (; clues.take().sampled === undefined; beats++) request(clues, sid(2));
    expect(beats).toBeLessThan(12);
  });
});

describe("clues", () => {
  it("tell of a client's return once between two heartbeats, by powers of two", () => {
    expect([0, 1, 1.5, 2, 2.1, 1800].map(bucketOf)).toEqual([1, 1, 2, 2, 4, 2048]);
    const clues = new Clues(() => 0);
    for (let i = 0; i < 6; i++) clues.returned("web", sid(1), 1900, true);
    clues.returned("web", sid(2), 700, false);
    expect(clues.take().gaps).toEqual({ '["web","over","2048"]': 1, '["web","within","1024"]': 1 });
    clues.returned("web", sid(1), 3, false);
    expect(clues.take().gaps).toEqual({ '["web","within","4"]': 1 });
  });

  it("hold a bounded number of things, whatever clients make up", () => {
    const clues = new Clues(() => 0);
    for (let i = 0; i < 10_000; i++) {
      clues.agent("web", sid(i), `agent ${i}`);
      clues.returned("web", sid(i), i, false);
    }
    const told = clues.take();
    const things = Object.values(told).flatMap((samples) => Object.keys(samples));
    expect(things.length).toBeLessThanOrEqual(512);
    clues.agent("web", sid(1), null);
    expect(Object.keys(clues.take())).toEqual(["agents"]);
  });

  it("count sealed tokens apart", () => {
    const clues = new Clues(() => 0);
    clues.sealed();
    clues.sealed();
    expect([clues.takeSealed(), clues.takeSealed(), clues.take()]).toEqual([2, 0, {}]);
  });
});
