import { describe, expect, it } from "vitest";
import { type Pages, published } from "../../../tools/chart/pages.ts";
import * as claims from "../../../tools/claims/report.ts";
import * as scale from "../../../tools/scale/report.ts";

/** Each report by what makes its pages of findings, and where docs has these. */
const REPORTS: readonly (readonly [name: string, made: () => Pages])[] = [
  ["claims", () => claims.pagesOf(JSON.parse(published(claims.FINDINGS)) as claims.Findings)],
  ["scale", () => scale.pagesOf(JSON.parse(published(scale.FINDINGS)) as scale.Findings)],
];

describe.each(REPORTS)("the report of %s", (name, made) => {
  it("says in docs what its findings come to, with each plot byte for byte", () => {
    for (const [page, text] of Object.entries(made())) {
      expect(published(page) === text, `${page}: npm run ${name} -- --redraw`).toBe(true);
    }
  });

  it("shows every plot, and no other", () => {
    const plots = Object.keys(made()).filter((page) => page.endsWith(".svg"));
    const shown = [...published(`${name}.md`).matchAll(/!\[[^\]]*\]\(([^)]*)\)/g)].map(([, path]) => path);
    expect(shown.toSorted()).toEqual(plots.toSorted());
  });
});
