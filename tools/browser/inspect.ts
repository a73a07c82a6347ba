import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { type Gate, none } from "../fleet/gate.ts";
import { DESK, type Look, PHONE } from "./visitor.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const LOOKS: readonly Look[] = [DESK, PHONE].flatMap((look) => [
  look,
  { ...look, scheme: "dark" as const },
]);

interface Finding {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string }[];
}

/** What was found over all pages. */
export class Report {
  looked = 0;
  slight = 0;
  stops = 0;
  readonly bad: string[] = [];
  readonly wide: string[] = [];
  readonly missed: string[] = [];

  async inspect(page: Page, name: string, { scheme, width }: Look): Promise<void> {
    const place = `${name}, ${scheme}, ${width} px`;
    this.looked++;
    for (const { id, impact, nodes } of await findings(page)) {
      if (impact !== "serious" && impact !== "critical") this.slight++;
      else this.bad.push(`${place}: ${id}: ${nodes[0]?.html.slice(0, 150)}`);
    }
    if (await page.evaluate("document.documentElement.scrollWidth > innerWidth")) this.wide.push(place);
    // Where the focus goes is the same in the dark; how it looks is axe's business.
    if (scheme === "dark") return;
    const { reached, missed } = await tabs(page);
    this.stops += reached;
    this.missed.push(...missed.map((one) => `${place}: ${one}`));
  }
  all(): string[] {
    return [...this.bad, ...this.wide, ...this.missed];
  }

  gates(): Gate[] {
    return [
      none(
        "serious and critical findings of axe",
        this.bad.length,
        `in ${this.looked} looks (${this.slight} lesser ones)`,
      ),
      none("pages that are wider than the screen", this.wide.length, "pages"),
      none(
        "controls that the Tab key does not reach, or that do not show it",
        this.missed.length,
        "controls",
      ),
    ];
  }
}

async function findings(page: Page): Promise<Finding[]> {
  // The page's policy lets no script in; the debugger's is not asked.
  await page.evaluate(AXE);
  return page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, impact, nodes }) => ({ id, impact, nodes: nodes.map(({ html }) => ({ html })) })))`);
}

const FOCUSABLE = "a[href], button, input:not([type=hidden]), select, textarea, summary";

/** What runs in the page, as text: nothing here knows a document. */
const BEGIN = "document.activeElement?.blur(); globalThis.seen = new Set(); globalThis.unseen = [];";
const STOP = `(() => {
  const at = document.activeElement;
  if (at === null || at === document.body || seen.has(at)) return;
  seen.add(at);
  const { outlineStyle, outlineWidth } = getComputedStyle(at);
  if (outlineStyle === "none" || Number.parseFloat(outlineWidth) < 2) unseen.push(at.outerHTML.slice(0, 120));
})()`;
const END = `(() => {
  const left = [...document.querySelectorAll(${JSON.stringify(FOCUSABLE)})].filter((one) =>
    !seen.has(one) && one.checkVisibility() && !one.closest("details:not([open]) > :not(summary)"));
  return { reached: seen.size, missed: [...unseen, ...left.map((one) => one.outerHTML.slice(0, 120))] };
})()`;

/** Goes through a page by the Tab key: how many stops it made, and which controls it left out or did not show. */
async function tabs(page: Page): Promise<{ reached: number; missed: string[] }> {
  await page.evaluate(BEGIN);
  const count = await page.locator(FOCUSABLE).count();
  for (let i = 0; i < count + 3; i++) {
    await page.keyboard.press("Tab");
    await page.evaluate(STOP);
  }
  return page.evaluate(END);
}
