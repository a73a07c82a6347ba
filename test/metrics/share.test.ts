import { expect, it } from "vitest";
import { FleetLoad } from "../../src/metrics/load.ts";
import { Meter, Share } from "../../src/metrics/share.ts";

const [A, B] = ["00000000000a", "00000000000b"];
const START = 1_000_000;

it("a meter integrates what is in flight, running requests included, and begins anew when it is taken", () => {
  const meter = new Meter();
  // 1 in flight from 0 to 500 ms, 2 to 700, 1 to 1000 and on.
  meter.pass(0, START);
  meter.pass(1, START + 500);
  meter.pass(2, START + 700);
  meter.answered(false);
  expect(meter.take(1, START + 1000)).toEqual({ area: 1.2, done: 1 });
  expect(meter.take(1, START + 1500)).toEqual({ area: 0.5 });
  meter.pass(1, START + 1600);
  meter.answered(true);
  meter.reported(0.4, START + 1600);
  expect(meter.take(0, START + 2000)).toEqual({ area: 0.1, done: 1, fail: 1, orca: [0.4, 400] });
  expect(meter.take(0, START + 3000)).toBeUndefined();
});

it("a meter counts nothing when the clock is set back", () => {
  const meter = new Meter();
  meter.pass(0, START);
  meter.pass(3, START - 5000);
  expect(meter.take(3, START - 4000)).toEqual({ area: 3 });
});

it("what an only isolate hears is its own: others have nothing, whatever the rhythm", () => {
  const [load, share] = [new FleetLoad(), new Share(2)];
  load.follow(new Map([["web", [A, B]]]));
  let now = START;
  for (const [gap, area] of [
    [0, 4],
    [1000, 3],
    [700, 5],
    [1300, 0.5],
    [4000, 2],
  ] as const) {
    now += gap;
    const sent = { [A]: { area }, [B]: { area: area / 2 } };
    load.take(sent, now, 1000);
    share.hear([A, B], sent, load.down(["web"], now, 1000).web, now, 1000, true);
    // The wire has four decimals.
    for (const others of share.others) expect(others).toBeLessThan(0.001);
  }
});

it("what two isolates hear is the other's", () => {
  const load = new FleetLoad();
  load.follow(new Map([["web", [A, B]]]));
  const [busy, idle] = [new Share(2), new Share(2)];
  for (let now = START; now < START + 20_000; now += 1000) {
    const sent = { [A]: { area: 6, done: 1 } };
    load.take(sent, now, 1000);
    busy.hear([A, B], sent, load.down(["web"], now, 1000).web, now, 1000, false);
    load.take({}, now + 500, 1000);
    idle.hear([A, B], {}, load.down(["web"], now + 500, 1000).web, now + 500, 1000, false);
  }
  expect(busy.others[0]).toBeLessThan(0.001);
  // Half a period after the heartbeat: 6 · e^−0.5 / (1 − e^−1) = 5.757.
  expect(idle.others[0]).toBeCloseTo(5.757, 3);
  expect(idle.others[1]).toBe(0);
  expect(idle.m).toBeGreaterThan(0);
});

it("a pod that is in the next snapshot too keeps what is known of it", () => {
  const [old, share] = [new Share(2), new Share(3)];
  const told = { m: 0.5, pods: { [B]: [7, 0.25] as const } };
  old.hear([A, B], { [B]: { area: 2 } }, told, START, 2000, false);
  share.adopt(2, old, 1);
  expect([...share.others]).toEqual([0, 0, 6]);
  expect([...share.worth]).toEqual([1, 1, 0.25]);
  expect([share.m, share.tau, share.at]).toEqual([0.5, 2000, START]);
  share.hear(["x", "y", B], {}, told, START + 2000, 2000, false);
  // Its own part of 1 has faded to e^−1.
  expect(share.others[2]).toBeCloseTo(7 - Math.exp(-1), 9);
});

it("an answer that says nothing of the pool does not say that it is idle and sound", () => {
  // A heartbeat of other pools alone once made an isolate forget which pod was slow.
  const share = new Share(2);
  const told = { m: 0.5, pods: { [A]: [3, 1] as const, [B]: [7, 0.25] as const } };
  share.hear([A, B], { [B]: { area: 2 } }, told, START, 1000, false);
  share.hear([A, B], {}, undefined, START + 1000, 1000, false);
  expect([...share.others]).toEqual([3, 5]);
  expect([...share.worth]).toEqual([1, 0.25]);
  expect([share.m, share.at]).toEqual([0.5, START]);
  // Its own part went on fading all the same.
  share.hear([A, B], {}, told, START + 2000, 1000, false);
  expect(share.others[1]).toBeCloseTo(7 - 2 * Math.exp(-2), 9);
});
