import { describe, expect, it } from "vitest";
import { advise } from "../../src/doctor/advice.ts";
import { isolate, pod, pool, well } from "./well.ts";

describe("sizing", () => {
  it("is rate × time, in connections, with room for chance", () => {
    // 6,000 requests in a minute, 250 ms each: 100/s × 0.25 s.
    const [advice] = advise(well({ pools: [pool({ timed: { count: 6000, sum: 1_500_000 } })] }));
    expect(advice).toMatchObject({
      id: "sizing",
      evidence: {
        pool: "web",
        requestsPerSecond: 100,
        meanSeconds: 0.25,
        connections: 25,
        connectionsAtPeak: 40,
        pods: 3,
        perPod: 14,
        measuredInFlight: 4.5,
      },
    });
    expect(advice!.text).toContain("100 requests/s × 250 ms = 25 connections");
    expect(advice!.text).toContain("a rate");
  });

  it("goes by the time that was watched, where that is less than the window", () => {
    const after = well({ watched: 20_000, pools: [pool({ timed: { count: 6000, sum: 60_000 } })] });
    expect(advise(after)[0]!.evidence).toMatchObject({ requestsPerSecond: 300 });
  });

  it("shares them out over the pods that take new sessions, if there are any", () => {
    const timed = { count: 600, sum: 60_000 };
    const pods = [pod("a"), pod("b", { state: "draining" }), pod("c", { weight: 0 })];
    const of = (all: typeof pods) => advise(well({ pools: [pool({ timed, pods: all })] }))[0]!.evidence;
    expect(of(pods)).toMatchObject({ pods: 1, perPod: 4 });
    expect(of(pods.map((one) => ({ ...one, state: "down" })))).toMatchObject({ pods: 0, perPod: null });
  });

  it("says nothing of a pool without requests", () => {
    expect(advise(well({ pools: [pool({ timed: { count: 0, sum: 0 } })] }))).toEqual([]);
  });
});

describe("choices: all", () => {
  const policy = { name: "least-request", options: { choices: "all" } };
  const of = (change: object, isolates = 2) =>
    advise(
      well({
        pools: [pool({ policy, ...change })],
        isolates: Array.from({ length: isolates }, () => isolate()),
      }),
    ).map(({ id }) => id);

  it("is said to be two where the news of others' load is old", () => {
    // e^(−1.03/m) is 0.78 at m = 4.15 s.
    expect(of({ m: 4.1 })).toEqual(["sizing", "exact-least"]);
    expect(of({ m: 4.2 })).toEqual(["sizing"]);
  });

  it("and not with one isolate, before m is known, or where two are asked for", () => {
    expect(of({ m: 0.1 }, 1)).toEqual(["sizing"]);
    expect(of({ m: 0 })).toEqual(["sizing"]);
    expect(of({ m: 0.1, policy: { name: "least-request", options: { choices: 2 } } })).toEqual(["sizing"]);
  });
});
