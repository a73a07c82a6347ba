import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CATALOG, type Metric } from "../../src/metrics/catalog.ts";
import { root } from "../../tools/build/root.ts";

describe.each(Object.entries<Metric>(CATALOG))("%s", (name, { type, help, labels, bounds }) => {
  it("is named as Prometheus' conventions ask for", () => {
    expect(name).toMatch(/^mooring_[a-z0-9_]+$/);
    expect(name.endsWith("_total")).toBe(type === "counter");
    for (const label of labels) expect(label).toMatch(/^(?!le$|__)[a-z_]+$/);
    expect(help).toMatch(/^\S.*\.$/);
  });

  it("has buckets where it is a histogram, each above the one before", () => {
    expect(bounds !== undefined).toBe(type === "histogram");
    if (bounds === undefined) return;
    expect(name).toMatch(/_seconds$/);
    expect([...new Set(bounds)].sort((a, b) => a - b)).toEqual(bounds);
  });

  it("stands in the manual as it is", () => {
    const manual = readFileSync(join(root, "docs/metrics.md"), "utf8");
    const named = labels.map((label) => `\`${label}\``).join(", ");
    expect(manual).toContain(`| \`${name}\` | ${type} | ${named} | ${help} |`);
  });
});
