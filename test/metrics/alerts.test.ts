import { describe, expect, it } from "vitest";
import { Alerts, type Counted } from "../../src/metrics/alerts.ts";
import { EVERY, RULES } from "../../src/metrics/rules.ts";
import { Tally } from "../../src/metrics/tally.ts";
import { Timings } from "../../src/metrics/timings.ts";
import { feed } from "../../src/metrics/told.ts";

const START = 1_800_000_000_000;
const COUNTED = ["error-rate", "slow-requests", "session-creation"] as const satisfies Counted[];

/** An hour of 10,000 a second of which a share is bad; when the rule first fired after it began, undefined: never. */
function hour(rule: Counted, share: number): number | undefined {
  const alerts = new Alerts();
  for (let at = 0; at < 3_600_000; at += 1000) {
    alerts.add(rule, "web", { all: 10_000, bad: 10_000 * share }, START + at);
    if (at % EVERY !== 0) continue;
    const fired = alerts.evaluate({}, START + at).some(({ state }) => state === "firing");
    if (fired) return at;
  }
  return undefined;
}

describe.each(COUNTED)("%s", (rule) => {
  const { threshold, window, least } = RULES[rule];

  it("fires within its window at 1.1 of its threshold, and never at 0.9", () => {
    expect(hour(rule, threshold * 1.1)).toBeLessThanOrEqual(window);
    expect(hour(rule, threshold * 0.9)).toBeUndefined();
    // Above, it says; not at.
    expect(hour(rule, threshold)).toBeUndefined();
  });

  it("fires within its window after a quiet hour, too", () => {
    const alerts = new Alerts();
    const good = { all: 1000, bad: 0 };
    for (let at = 0; at < 600_000; at += 1000) alerts.add(rule, "web", good, START + at);
    expect(alerts.evaluate({}, START + 600_000)).toEqual([]);
    for (let at = 600_000; at <= 600_000 + window; at += 1000) {
      alerts.add(rule, "web", { all: 1000, bad: 1000 * threshold * 1.1 }, START + at);
    }
    const fired = alerts.evaluate({}, START + 600_000 + window);
    expect(fired).toContainEqual(expect.objectContaining({ rule, pool: "web", state: "firing" }));
  });

  it("says nothing of few, however bad", () => {
    const alerts = new Alerts();
    alerts.add(rule, "web", { all: least - 1, bad: least - 1 }, START);
    expect(alerts.evaluate({}, START)).toEqual([]);
    alerts.add(rule, "web", { all: 1, bad: 1 }, START);
    expect(alerts.evaluate({}, START).map(({ pool, state }) => `${pool} ${state}`)).toEqual([
      "web firing",
      " firing",
    ]);
  });

  it("resolves once it does not hold any more, also when nothing comes any more", () => {
    const alerts = new Alerts();
    alerts.add(rule, "web", { all: 1000, bad: 500 }, START);
    alerts.evaluate({}, START);
    expect(alerts.active).toHaveLength(2);
    expect(alerts.evaluate({}, START + 1000)).toEqual([]);
    const over = alerts.evaluate({}, START + window + 1000);
    expect(over.map(({ state }) => state)).toEqual(["inactive", "inactive"]);
    expect(alerts.active).toEqual([]);
    alerts.evaluate({}, START + window + 2000);
    expect(alerts.busy).toBe(false);
  });

  it("finds the one pool that is bad among many that are well", () => {
    const alerts = new Alerts();
    for (let i = 0; i < 50; i++)
      alerts.add(rule, `pool-${i}`, { all: 10_000, bad: i === 7 ? 200 : 0 }, START);
    const fired = alerts.evaluate({}, START).filter(({ pool }) => pool !== "");
    expect(fired.map(({ pool }) => pool)).toEqual(["pool-7"]);
    expect(alerts.rules(START).find(({ name }) => name === rule)).toMatchObject({
      state: "firing",
      pool: "pool-7",
    });
  });
});

describe("what looks back no farther than to the last evaluation", () => {
  const slow = { all: 100, bad: 100 };
  const fired = (changed: readonly { pool: string; state: string }[]) =>
    changed.some(({ pool, state }) => pool === "web" && state === "firing");

  // The first heartbeat after a quiet while sets the evaluation off, a whole period later: it lay just outside the window.
  it.each([0, 1, 500, 999])("sees a burst that one heartbeat told of %i ms into a second", (into) => {
    const alerts = new Alerts();
    alerts.add("slow-requests", "web", slow, START + into);
    expect(fired(alerts.evaluate({}, START + into + EVERY + 30))).toBe(true);
  });

  it("sees what came in a period that took longer, and no second time", () => {
    const alerts = new Alerts();
    alerts.evaluate({}, START);
    alerts.add("slow-requests", "web", slow, START + 10);
    expect(fired(alerts.evaluate({}, START + 25_000))).toBe(true);
    expect(alerts.evaluate({}, START + 35_000).map(({ state }) => state)).toEqual(["inactive", "inactive"]);
  });
});

describe("unavailable-pods", () => {
  const pods = (bad: number) => ({ web: { all: 100, bad } });

  it("is shown with the share of the pool that has most away, also below its threshold", () => {
    const alerts = new Alerts();
    const shown = () => alerts.rules(START).find(({ name }) => name === "unavailable-pods");
    alerts.evaluate({ ...pods(5), other: { all: 10, bad: 2 }, none: { all: 0, bad: 0 } }, START);
    expect(shown()).toMatchObject({ state: "inactive", value: 0.2 });
    alerts.evaluate({ ...pods(0), other: { all: 10, bad: 0 } }, START + EVERY);
    expect(shown()).toMatchObject({ state: "inactive", value: 0 });
  });

  it("fires after 30 s at 1.1 of its threshold, never at 0.9, and not for a shorter while", () => {
    const alerts = new Alerts();
    for (let at = 0; at < 3_600_000; at += EVERY) expect(alerts.evaluate(pods(18), START + at)).toEqual([]);
    const at = START + 3_600_000;
    expect(alerts.evaluate(pods(22), at)).toMatchObject([{ state: "pending", since: at }]);
    expect(alerts.evaluate(pods(22), at + 29_999)).toEqual([]);
    expect(alerts.evaluate(pods(22), at + 30_000)).toMatchObject([{ state: "firing", value: 0.22 }]);
    expect(alerts.evaluate(pods(20), at + 40_000)).toMatchObject([{ state: "inactive" }]);
    expect(alerts.evaluate(pods(22), at + 50_000)).toMatchObject([{ state: "pending" }]);
    expect(alerts.evaluate(pods(0), at + 70_000)).toMatchObject([{ state: "inactive" }]);
  });

  it("is over when its pool leaves the config, and says nothing of a pool without pods", () => {
    const alerts = new Alerts();
    alerts.evaluate(pods(50), START);
    expect(alerts.evaluate({}, START + EVERY)).toMatchObject([{ pool: "web", state: "inactive" }]);
    expect(alerts.evaluate({ none: { all: 0, bad: 0 } }, START + 2 * EVERY)).toEqual([]);
  });
});

describe("after a restart", () => {
  const before = {
    rule: "error-rate",
    pool: "web",
    state: "firing",
    value: 0.5,
    since: START - 5000,
  } as const;
  const own = (changed: readonly { pool: string }[]) => changed.filter(({ pool }) => pool === "web");

  // The windows were empty then: it was told to be over at once, and to fire again a moment later.
  it("what fired is not over before its window is full", () => {
    const alerts = new Alerts([before], START);
    for (let at = 0; at < 60_000; at += EVERY) expect(own(alerts.evaluate({}, START + at))).toEqual([]);
    expect(own(alerts.evaluate({}, START + 60_000))).toMatchObject([{ state: "inactive" }]);
  });

  it("what goes on does not fire anew", () => {
    const alerts = new Alerts([before], START);
    for (let at = 0; at <= 120_000; at += 5000) {
      alerts.add("error-rate", "web", { all: 100, bad: 50 }, START + at);
      expect(own(alerts.evaluate({}, START + at))).toEqual([]);
    }
    expect(alerts.active.find(({ pool }) => pool === "web")?.since).toBe(before.since);
  });

  it("pods are counted as they are: what has left the config is over at once", () => {
    const alerts = new Alerts([{ ...before, rule: "unavailable-pods" }], START);
    expect(own(alerts.evaluate({}, START))).toMatchObject([{ state: "inactive" }]);
  });
});

describe("after the clock was put back by an hour", () => {
  const back = START - 3_600_000;

  it("what is pending fires within its hold", () => {
    const alerts = new Alerts();
    const pods = { web: { all: 5, bad: 2 } };
    expect(alerts.evaluate(pods, START)).toMatchObject([{ state: "pending", before: "inactive" }]);
    expect(alerts.evaluate(pods, back)).toEqual([]);
    expect(alerts.evaluate(pods, back + 29_999)).toEqual([]);
    expect(alerts.evaluate(pods, back + 30_000)).toMatchObject([{ state: "firing", before: "pending" }]);
    expect(alerts.evaluate({}, back + 40_000)).toMatchObject([{ state: "inactive", before: "firing" }]);
  });

  it("what fired before a restart is over once its window is full", () => {
    const fired = { rule: "error-rate", pool: "web", state: "firing", value: 0.5, since: START } as const;
    const alerts = new Alerts([fired], START);
    expect(alerts.evaluate({}, back)).toEqual([]);
    expect(alerts.evaluate({}, back + 59_999)).toEqual([]);
    expect(alerts.evaluate({}, back + 60_000)).toMatchObject([{ state: "inactive" }]);
  });

  it("what was counted by the old time is counted no more", () => {
    const alerts = new Alerts();
    alerts.add("error-rate", "web", { all: 100, bad: 100 }, START);
    alerts.add("error-rate", "web", { all: 100, bad: 0 }, back);
    expect(alerts.evaluate({}, back)).toEqual([]);
  });
});

it("is fed by heartbeats: 5xx, what began and did not, and what took over 500 ms", () => {
  const alerts = new Alerts();
  const timings = new Timings();
  for (let i = 0; i < 980; i++) timings.add("web", 500, 500);
  for (let i = 0; i < 20; i++) timings.add("web", 501, 501);
  const tally = new Tally();
  timings.drain(tally);
  const counts = [
    { pool: "web", outcome: "bound", code: 200, count: 970 },
    { pool: "web", outcome: "refused", code: 503, count: 20 },
    { pool: "web", outcome: "kept", code: 404, count: 10 },
    { pool: "web", outcome: "create-failed", code: 100, count: 30 },
    { pool: "web", outcome: "retried", code: 100, count: 5000 },
  ] as const;
  feed(alerts, counts, tally.take(), START);
  const own = alerts.evaluate({}, START).filter(({ pool }) => pool === "web");
  expect(Object.fromEntries(own.map(({ rule, value }) => [rule, value]))).toEqual({
    "error-rate": 0.02,
    "slow-requests": 0.02,
    "session-creation": 0.03,
  });
});
