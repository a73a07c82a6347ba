import { conduct } from "../figures/study.ts";
import { FULL, figures, gatesOf, QUICK } from "./figures.ts";
import { FINDINGS, type Findings, pagesOf } from "./report.ts";

const HELP = `npm run scale -- [--quick] [--seed N] [--json FILE] [--write] | --redraw

Thousands of pods, a million sessions and a thousand isolates in virtual time; docs/scale.md tells
what comes of it. Ends with 1 when a check fails, with 2 when it cannot be run as asked. --quick: the
same in small. --write: docs/scale.md, its plots and its findings; --redraw: the same of the findings
that are there, without a run.`;

await conduct<Findings>({
  help: HELP,
  whole: "all of it",
  file: FINDINGS,
  pagesOf,
  async run({ quick, seed, machine, found }) {
    const effort = quick ? QUICK : FULL;
    const seen = await figures(effort, seed, (line) => console.log(`── ${line}`));
    found({ figures: seen, effort, seed, machine });
    return gatesOf(seen);
  },
});
