import { publish, published, whereabouts } from "../chart/pages.ts";
import { Command } from "../figures/command.ts";
import { conclude, toItsEnd } from "../figures/output.ts";
import { table } from "../fleet/gate.ts";
import { FULL, figures, gatesOf, QUICK } from "./figures.ts";
import { FINDINGS, type Findings, pagesOf } from "./report.ts";

const HELP = `npm run scale -- [--quick] [--seed N] [--json FILE] [--write] | --redraw

Thousands of pods, a million sessions and a thousand isolates in virtual time; docs/scale.md tells what comes of it. Ends with 1
when a check fails, with 2 when it cannot be run as asked. --quick: the same in small. --write: docs/scale.md, its plots and its findings; --redraw: the same of
the findings that are there, without a run.`;

const command = new Command(HELP);
const { json, quick, write, redraw, ...values } = command.read({
  json: { type: "string" },
  quick: { type: "boolean", default: false },
  seed: { type: "string", default: "1" },
  write: { type: "boolean", default: false },
  redraw: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
});
const seed = command.whole("--seed", values.seed);
if (redraw) {
  publish(pagesOf(JSON.parse(published(FINDINGS)) as Findings));
  process.exit(0);
}
if (quick && write) command.refuse("--write takes all of it, not --quick");
command.outputs({ "--json": json });

const effort = quick ? QUICK : FULL;
const where = whereabouts();
const gates = await toItsEnd(async () => {
  const found = await figures(effort, seed, (line) => console.log(`── ${line}`));
  if (write) publish(pagesOf({ figures: found, effort, seed, machine: where }));
  return gatesOf(found);
});
console.log(`\n${where}, seed ${seed}\n\n${table(gates)}`);
conclude(json, gates);
