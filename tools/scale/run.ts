import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { publish, published, whereabouts } from "../chart/pages.ts";
import { table } from "../fleet/gate.ts";
import { machine } from "../sim/gates.ts";
import { FULL, figures, gatesOf, QUICK } from "./figures.ts";
import { FINDINGS, type Findings, pagesOf } from "./report.ts";

const HELP = `npm run scale -- [--quick] [--seed N] [--json FILE] [--write] | --redraw

Thousands of pods, a million sessions and a thousand isolates in virtual time; docs/scale.md tells what comes of it. Ends with 1
when a check fails. --quick: the same in small. --write: docs/scale.md, its plots and its findings; --redraw: the same of
the findings that are there, without a run.`;

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    quick: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
    redraw: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const { quick, write } = values;
const seed = Number(values.seed);
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
if (values.redraw) {
  publish(pagesOf(JSON.parse(published(FINDINGS)) as Findings));
  process.exit(0);
}
if (!Number.isSafeInteger(seed) || seed < 0 || (quick && write)) {
  console.error(`error: --seed takes a whole number, and --write all of it, not --quick\n\n${HELP}`);
  process.exit(1);
}

const effort = quick ? QUICK : FULL;
const found = await figures(effort, seed, (line) => console.log(`── ${line}`));
const gates = gatesOf(found);
const where = whereabouts();
if (write) publish(pagesOf({ figures: found, effort, seed, machine: where }));
console.log(`\n${where}, seed ${seed}\n\n${table(gates)}`);
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ machine: machine(), gates }, null, 2)}\n`);
}
process.exitCode = gates.some(({ pass }) => pass === false) ? 1 : 0;
