import { describe, expect, it } from "vitest";
import { Journal } from "../../../tools/fleet/breaks/journal.ts";
import type { Course } from "../../../tools/stress/conduct.ts";
import type { Plan, PlannedFault } from "../../../tools/stress/plan.ts";
import { Recorder } from "../../../tools/stress/recorder.ts";
import type { Stand } from "../../../tools/stress/stand.ts";
import { Timeline } from "../../../tools/stress/timeline.ts";
import { verdict } from "../../../tools/stress/verdict.ts";

const plan: Plan = {
  edges: 1,
  pods: 2,
  loads: 1,
  stages: [{ users: 10, rate: 10, ramp: 0, lasts: 8, faults: [{ what: "pod", at: 1, lasts: 1 }] }],
};
const now = Date.now();
const CAUSES = [{ cause: "pod-gone", count: 4 }];
const kill = (sessions: number) => ({ what: "pod" as const, whom: "web-0", sessions, from: 1, until: 2 });
const cost = { commands: 0, cpu: { edges: 0, ours: 0, all: 0 } };

/** Eight seconds of so many answers, echoes and events each, with an edge that holds so much. */
function timeline(
  answers = 9,
  memory: (at: number) => number = () => 100,
  [echoes, events] = [1, 1],
): Timeline {
  const own = new Timeline();
  for (let at = 1; at <= 8; at++) {
    const recorder = new Recorder();
    for (let i = 0; i < answers; i++) recorder.answered(1);
    for (let i = 0; i < echoes; i++) recorder.echoed(1);
    for (let i = 0; i < events; i++) recorder.event();
    own.take(0, recorder.take(10, 10));
    own.second(at, 0, { "edge-0": memory(at), coordinator: 50 });
  }
  return own;
}

/** The checks that fail of a run in which web-0 was killed a second ago, and all went well but for this. */
async function failing(
  change: Partial<Course> = {},
  causes: object[] = CAUSES,
  posts = ["a.1", "a.2", "a.3", "a.4"],
  more: PlannedFault["what"][] = [],
) {
  const journal = new Journal();
  journal.acts.push({ cause: "pod-gone", pod: "web-0", from: now - 1000, until: now });
  journal.absences.push({ what: "pod", pod: "web-0", from: now - 1000, until: now });
  const fleet = {
    edges: [{ name: "edge-0" }],
    coordinator: { name: "coordinator" },
    pods: [{ arrivals: () => posts.map((id) => ({ id })) }],
    breaks: async () => ({ breaks: [], causes }),
  };
  const course: Course = {
    timeline: timeline(),
    faults: [kill(4)],
    costs: [cost],
    began: now - 8000,
    lost: [],
    troubles: [],
    changes: [moved("web-0"), moved("web-0")],
    interruptions: [],
    robbed: [],
    ...change,
  };
  const [stage] = plan.stages;
  const faults = [...stage!.faults, ...more.map((what) => ({ what, at: 1, lasts: 1 }))];
  const asked = { ...plan, stages: [{ ...stage!, faults }] };
  const gates = await verdict({ fleet, journal } as unknown as Stand, asked, course, () => undefined);
  return gates.filter(({ pass }) => pass === false).map(({ name }) => name);
}

const span = { since: now - 1500, at: now - 500 };
const moved = (from: string) => ({ user: "ann", from, to: "web-2", ...span });
const cart = (pod: string) => ({ what: "cart" as const, user: "ann", pod, ...span });
const lostPost = (pod: string) => ({
  client: "ann",
  method: "POST",
  status: 502,
  text: "",
  from: now - 700,
  until: now - 600,
  pod,
});

describe("the verdict of a stress run", () => {
  it("passes what went well, and what the death of a pod explains", async () => {
    expect(await failing()).toEqual([]);
    const own = {
      changes: [moved("web-0"), moved("web-0")],
      interruptions: [cart("web-0")],
      troubles: [lostPost("web-0")],
    };
    expect(await failing(own)).toEqual([]);
  });

  it("fails by an error, a change or a loss of a session whose pod lived while another died", async () => {
    expect(await failing({ troubles: [lostPost("web-1")] })).toEqual([
      "errors that no pod's death explains, of all",
    ]);
    expect(await failing({ changes: [moved("web-0"), moved("web-1")] })).toEqual([
      "sessions that left a pod that lived",
    ]);
    expect(await failing({ interruptions: [cart("web-1")] })).toEqual(["interruptions by anything else"]);
    const late = { ...moved("web-0"), since: now - 500, at: now };
    expect(await failing({ changes: [moved("web-0"), late] })).toEqual([
      "sessions that left a pod that lived",
    ]);
  });

  it.each<[string, Parameters<typeof failing>]>([
    ["10 users: answers and echoes", [{ timeline: timeline(6) }]],
    ["echoes of WebSockets", [{ timeline: timeline(10, undefined, [0, 1]) }]],
    ["events of streams", [{ timeline: timeline(9, undefined, [1, 0]) }]],
    ["faults that came and went: store", [{}, undefined, undefined, ["store"]]],
    ["sessions of a pod that was killed, fewest", [{ faults: [kill(2)] }]],
    ["sessions that changed their pod", [{ changes: [] }]],
    ["breaks in the ledger", [{}, [{ cause: "pod-gone", count: 1 }]]],
    ["processes that ended by themselves", [{ lost: ["edge-0"] }]],
    ["carts that lacked something though their process lived", [{ robbed: ["ann misses one"] }]],
    ["POSTs that arrived", [{}, undefined, []]],
    ["POSTs that arrived twice", [{}, undefined, ["a.1", "a.1", "a.2", "a.3"]]],
    ["growth of edge-0 over the last half", [{ timeline: timeline(9, (at) => 100 + 10 * at) }]],
    [
      "breaks by another cause than a pod that is gone",
      [{}, [...CAUSES, { cause: "config-change", count: 1 }]],
    ],
  ])("fails by %s", async (name, args) => {
    expect(await failing(...args)).toEqual([name]);
  });
});
