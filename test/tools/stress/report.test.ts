import { expect, it } from "vitest";
import { atMost, told } from "../../../tools/fleet/gate.ts";
import { report } from "../../../tools/stress/report.ts";
import type { Second } from "../../../tools/stress/timeline.ts";

const second = (at: number): Second => ({
  at,
  stage: 0,
  users: 10,
  connections: 12,
  answers: at,
  echoes: 0,
  events: 0,
  troubles: 0,
  changes: 0,
  interruptions: 0,
  p50: 1,
  p99: 2,
  max: 3,
  memory: { "edge-0": 100 + at, "web-0": 50 },
});

it("tells on one page what was done and what came of it, and needs nothing else", () => {
  const html = report({
    command: "npm run stress",
    where: "a <machine>",
    gates: [atMost("errors", 0.0021, 0.001, "of all"), told("answers", 5, "answers")],
    faults: [{ what: "pod", whom: "web-0", sessions: 7, from: 1, until: 2.04 }],
    seconds: Array.from({ length: 400 }, (_, i) => second(i + 1)),
  });
  expect(html).toContain("<td>errors</td><td>0.002 of all</td><td>0.001</td><td>NO</td>");
  expect(html).toContain("<td>pod</td><td>web-0</td><td>7</td><td>1.0</td><td>2.0</td>");
  expect(html).toContain("a &lt;machine&gt;");
  expect(html.match(/<svg /g)).toHaveLength(5);
  // Of 400 seconds five each are one point; what pods and users hold is not ours.
  expect(html).toContain("edge-0");
  expect(
    html
      .match(/<svg .*?<\/svg>/gs)!
      .at(-1)!
      .match(/<circle /g),
  ).toHaveLength(80);
  expect(html).not.toMatch(/<script|<link|src=/);
});
