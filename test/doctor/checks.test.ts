import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Check } from "../../src/doctor/finding.ts";
import { type CheckName, checks, diagnose } from "../../src/doctor/index.ts";
import { root } from "../../tools/build/root.ts";
import { CASES } from "./cases.ts";
import { isolate, pod, pool, well } from "./well.ts";

const page = () => readFileSync(join(root, "docs/doctor.md"), "utf8");

/** The contract of every check. */
describe.each(Object.entries<Check>(checks))("%s", (id, check) => {
  const cases = CASES[id as CheckName];

  it.each(cases)("fires at its threshold: $name", ({ at, severity, evidence }) => {
    const [found, ...more] = check.look(at);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ severity, evidence });
    expect(found!.title).toMatch(/^\S.*[^.]$/);
    expect(found!.fix).toMatch(/^\S.*\.$/);
    // It travels as JSON, and its figures are some.
    expect(JSON.parse(JSON.stringify(found))).toEqual(found);
    expect(JSON.stringify(found)).not.toMatch(/NaN|Infinity|undefined/);
  });

  it.each(cases)("and not just below it: $name", ({ below }) => {
    expect(check.look(below)).toEqual([]);
  });

  it("says nothing of a deployment that is well, of an empty one, or of one without traffic", () => {
    expect(check.look(well())).toEqual([]);
    expect(check.look(well({ pools: [], isolates: [], requests: 0, sealed: {} }))).toEqual([]);
    const quiet = pool({
      pods: [pod("a", { sessions: 0, answered: 0 }), pod("b", { sessions: null, answered: 0 })],
      requests: [],
      timed: { count: 0, sum: 0 },
      gaps: [],
      samples: { taken: 0, sid: "", hits: 0 },
      m: 0,
    });
    expect(
      check.look(well({ pools: [quiet, pool({ name: "none", pods: [], requests: [] })], requests: 0 })),
    ).toEqual([]);
  });

  it("has its row in the manual", () => {
    expect(page()).toContain(`| \`${id}\` | ${check.summary} | ${check.threshold} |`);
  });
});

describe("a diagnosis", () => {
  it("is empty where nothing is wrong", () => {
    expect(diagnose(well())).toEqual([]);
  });

  it("names each thing of each pool, errors first", () => {
    const pods = [pod("a", { state: "down" }), pod("b", { flips: 9 })];
    const pools = ["web", "api"].map((name) => pool({ name, pods }));
    const found = diagnose(well({ pools, isolates: [isolate({ ahead: 90_000 })] }));
    expect(found.map(({ id, severity, evidence }) => [id, severity, evidence.pool])).toEqual([
      ["pods-not-ready", "error", "web"],
      ["pods-not-ready", "error", "api"],
      ["pods-flapping", "warning", "web"],
      ["pods-flapping", "warning", "api"],
      ["clock-skew", "warning", undefined],
    ]);
  });

  it("has a row in the manual for every check, and no other", () => {
    const text = page();
    const table = text.slice(text.indexOf("## Findings"), text.indexOf("## Advice"));
    const rows = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, id]) => id);
    expect(rows).toEqual(Object.keys(checks));
  });
});
