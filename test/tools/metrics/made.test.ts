import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CATALOG } from "../../../src/metrics/catalog.ts";
import { root } from "../../../tools/build/root.ts";
import { MADE } from "../../../tools/metrics/write.ts";

const promtool = spawnSync("promtool", ["--version"]).error === undefined;

describe("what is made of the catalog of metrics", () => {
  it.each(Object.entries(MADE))("%s is what the repository has: else run npm run metrics", (path, make) => {
    expect(readFileSync(join(root, path), "utf8")).toBe(make());
  });

  it("names no metric that is not there", () => {
    for (const make of Object.values(MADE)) {
      for (const [name] of make().matchAll(/\bmooring_[a-z0-9_]+/g)) {
        const family = name.replace(/_(?:bucket|count|sum)$/, "");
        expect(
          [name, family].some((one) => Object.hasOwn(CATALOG, one)),
          name,
        ).toBe(true);
      }
    }
  });

  it.skipIf(!promtool)("pleases promtool", () => {
    const file = join(root, "deploy/prometheus-rules.yaml");
    const checked = spawnSync("promtool", ["check", "rules", file], { encoding: "utf8" });
    expect(checked.stdout).toContain("5 rules found");
    expect(checked.status, checked.stderr + checked.stdout).toBe(0);
  });

  it.skipIf(!promtool)("fires for the pool that is bad, at 1.1 of each threshold, and not at 0.9", () => {
    const file = join(root, "test/tools/metrics/rules.test.yaml");
    const tested = spawnSync("promtool", ["test", "rules", file], { encoding: "utf8" });
    expect(tested.status, tested.stderr + tested.stdout).toBe(0);
  });
});
