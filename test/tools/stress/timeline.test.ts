import { describe, expect, it } from "vitest";
import { percentile } from "../../../tools/stress/histogram.ts";
import { Recorder } from "../../../tools/stress/recorder.ts";
import { Timeline } from "../../../tools/stress/timeline.ts";

/** What one process of users tells of answers that took so long. */
function tick(latencies: readonly number[], users = 10) {
  const recorder = new Recorder();
  for (const ms of latencies) recorder.answered(ms);
  return recorder.take(users, users);
}

describe("what several processes of users tell", () => {
  it("is one second of all of them", () => {
    const timeline = new Timeline();
    timeline.take(0, tick(Array(98).fill(1)));
    timeline.take(1, tick([50, 1000]));
    const second = timeline.second(1, 0, {});
    expect(second).toMatchObject({ answers: 100, users: 20, connections: 20, p50: 1 });
    // Three digits of a histogram.
    expect(second.p99).toBeCloseTo(50, 0);
    expect(Math.abs(second.max - 1000)).toBeLessThan(1);
  });

  it("belongs to its stage by what was on when it was told", () => {
    const timeline = new Timeline();
    const tell = (stage: number | undefined, ms: number) => {
      timeline.take(0, tick([ms, ms]));
      timeline.second(1, stage, {});
    };
    tell(undefined, 500);
    tell(0, 10);
    tell(0, 20);
    tell(1, 30);
    const [first, second] = [timeline.stages.get(0)!, timeline.stages.get(1)!];
    expect([first.answers, second.answers]).toEqual([4, 2]);
    expect(percentile(first.latency, 100)).toBeCloseTo(20, 0);
    expect(percentile(first.latency, 0)).toBeCloseTo(10, 0);
    expect(percentile(second.latency, 0)).toBeCloseTo(30, 0);
  });

  it("does not lose the users of a process that is late to tell", () => {
    const timeline = new Timeline();
    timeline.take(0, tick([1]));
    timeline.take(1, tick([1]));
    timeline.second(1, 0, {});
    timeline.take(0, tick([1]));
    expect(timeline.second(2, 0, {})).toMatchObject({ users: 20, answers: 1 });
    timeline.take(0, tick([1]));
    timeline.take(1, tick([1, 1]));
    timeline.take(1, tick([1, 1]));
    expect(timeline.second(3, 0, {})).toMatchObject({ users: 20, answers: 5 });
  });
});
