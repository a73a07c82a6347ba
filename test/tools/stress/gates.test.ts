import { describe, expect, it } from "vitest";
import { faultGates, killGates, memoryGates } from "../../../tools/stress/gates.ts";
import { QUICK } from "../../../tools/stress/plan.ts";
import { Timeline } from "../../../tools/stress/timeline.ts";

const failing = (gates: readonly { name: string; pass: boolean | null }[]) =>
  gates.filter(({ pass }) => pass === false).map(({ name }) => name);

describe("memory", () => {
  /** Forty seconds of these processes; undefined: it was not there to be looked at. */
  const run = (memory: Record<string, (second: number) => number | undefined>) => {
    const timeline = new Timeline();
    for (let at = 1; at <= 40; at++) {
      const all = Object.entries(memory).map(([name, of]) => [name, of(at)] as const);
      timeline.second(
        at,
        0,
        Object.fromEntries(all.filter((one): one is [string, number] => one[1] !== undefined)),
      );
    }
    return timeline.seconds;
  };
  const names = ["edge-0", "edge-1", "coordinator"];
  const flat = () => 100;

  it("is judged of every edge and of the coordinator, over the last half alone", () => {
    const early = (at: number) => (at < 18 ? at * 10 : 180);
    const seconds = run({ "edge-0": flat, "edge-1": early, coordinator: flat, "web-0": (at) => at });
    const gates = memoryGates(names, seconds, true);
    expect(failing(gates)).toEqual([]);
    expect(gates).toHaveLength(7);
    const leak = run({ "edge-0": flat, "edge-1": (at) => 100 + at, coordinator: flat });
    expect(failing(memoryGates(names, leak, true))).toEqual(["growth of edge-1 over the last half"]);
  });

  it("of a process that was not looked at to the end is not flat", () => {
    const watched = ["edges and coordinator whose memory was watched to the end"];
    const gone = (at: number) => (at < 30 ? 100 : undefined);
    expect(
      failing(memoryGates(names, run({ "edge-0": flat, "edge-1": gone, coordinator: flat }), true)),
    ).toEqual(watched);
    expect(failing(memoryGates(names, run({}), true))).toEqual(watched);
    expect(failing(memoryGates(names, [], true))).toEqual(watched);
    expect(memoryGates(names, run({}), false)).toMatchObject([{ value: null, pass: null }]);
  });
});

it("a run whose kills struck empty pods, or moved nobody, has failed", () => {
  const kill = (sessions: number) => ({ what: "pod" as const, whom: "web-0", sessions, from: 0, until: 1 });
  expect(failing(killGates(QUICK, [kill(20), kill(70)], 85))).toEqual([]);
  expect(failing(killGates(QUICK, [kill(9), kill(70)], 70))).toEqual([
    "sessions of a pod that was killed, fewest",
  ]);
  expect(failing(killGates(QUICK, [], 0))).toEqual(["sessions of a pod that was killed, fewest"]);
  expect(failing(killGates(QUICK, [kill(20), kill(70)], 44))).toEqual(["sessions that changed their pod"]);
});

it("a run in which a planned fault did not come about has failed", () => {
  const fault = (what: "pod" | "store") => ({ what, whom: "", from: 0, until: 1 });
  expect(failing(faultGates(QUICK, [fault("pod"), fault("store"), fault("pod")]))).toEqual([]);
  expect(failing(faultGates(QUICK, [fault("pod"), fault("store")]))).toEqual([
    "faults that came and went: pod",
  ]);
  expect(failing(faultGates(QUICK, []))).toHaveLength(2);
});
