import { describe, expect, it } from "vitest";
import { beatRate, beats } from "../../../tools/scale/beats.ts";
import { commands } from "../../../tools/scale/commands.ts";
import { inflight } from "../../../tools/scale/inflight.ts";
import { move, place, sessions } from "../../../tools/scale/placement.ts";
import { probing } from "../../../tools/scale/probing.ts";

const USERS = 5;
const SIDS = sessions(20_000, 1);

describe("placement", () => {
  it("deals by the table nearly as evenly as by chance", () => {
    const [table, chance] = [place(SIDS, 10, 16, 1), place(SIDS, 10, undefined, 1)];
    // 2,000 sessions a pod have a standard deviation of 2.1 %, and the slots of ten pods differ by less than one.
    expect(table.most).toBeLessThan(1.1);
    expect(table.least).toBeGreaterThan(0.9);
    expect(chance.most).toBeLessThan(1.1);
    expect(table.p99).toBeLessThanOrEqual(table.most);
  });

  it("moves the sessions of pods that are out, and no other", () => {
    const { theirs, others, coming } = move(SIDS, 20, 2, 16);
    expect(others).toBe(0);
    // A tenth of the pods; 20,000 sessions have a standard deviation of 0.2 %, the slots of a pod one of 1 % of them.
    expect(Math.abs(theirs - 0.1)).toBeLessThan(0.012);
    expect(coming).toBeLessThan(0.001);
  });
});

describe("heartbeats", () => {
  it("come no faster than one object hears, until there are very many isolates", () => {
    expect([1, 200, 500, 1000].map(beatRate)).toEqual([1, 200, 200, 200]);
    expect(beatRate(5000)).toBe(1000);
  });

  it("are answered with the load of all busy pods", async () => {
    const [few, many] = [await beats(10, 10, 1000), await beats(200, 10, 1000)];
    // Twelve digits of a tag and two numbers for each.
    expect((many.down - few.down) / 190).toBeGreaterThan(18);
    expect((many.down - few.down) / 190).toBeLessThan(40);
    expect(many.work).toBeGreaterThan(0);
  });
});

describe("probes", () => {
  it("come in time, also where a tenth of the pods hangs", async () => {
    const seen = await probing(60, 0.1, 2, 10, 1);
    expect(seen.rate).toBeCloseTo(30, -0.5);
    // ± 5 % by intent, and a probe's own second where its row is full.
    expect(seen.median).toBeCloseTo(2, 0);
    expect(seen.p99).toBeLessThan(3.2);
    expect(await probing(60, 0.1, 2, 10, 1)).toMatchObject({ rate: seen.rate, p99: seen.p99 });
  });
});

describe("the store", () => {
  it("is asked for nothing without sessions, little by cookies, and much by keys", async () => {
    const [none, short, long, keyed] = [
      await commands("none", undefined, 1, USERS),
      await commands("cookie", "30m", 1, USERS),
      await commands("cookie", "4h", 1, USERS),
      await commands("client-ip", undefined, 1, USERS),
    ];
    expect(none.commands).toBe(0);
    // Two to begin, and two every idle/4 and the next visit after it: on average 14 in two hours.
    expect(short.commands / USERS).toBeGreaterThan(5);
    expect(short.commands / USERS).toBeLessThan(60);
    expect(long.commands).toBeLessThan(short.commands / 3);
    expect(keyed.commands / keyed.requests).toBeGreaterThan(3);
  });
});

describe("requests in flight", () => {
  it("are evener by least-request than by chance, and evener still by who knows all", () => {
    const { guarded, random, perfect } = inflight(20, 8, 10_000, 20_000, 1);
    expect(guarded).toBeLessThan(random);
    expect(perfect).toBeLessThan(guarded);
  });
});
