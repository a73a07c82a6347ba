import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../build/root.ts";
import { table } from "../fleet/gate.ts";
import { machine } from "../sim/gates.ts";
import { chartsOf } from "./charts.ts";
import { FULL, figures, gatesOf, QUICK } from "./figures.ts";
import { reportOf } from "./report.ts";

const HELP = `npm run scale -- [--quick] [--seed N] [--json FILE] [--write]

Thousands of pods, a million sessions and a thousand isolates in virtual time; docs/scale.md tells what comes of it. Ends with 1
when a check fails. --quick: the same in small. --write: docs/scale.md and its plots.`;

const { values } = parseArgs({
  options: {
    json: { type: "string" },
    quick: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    write: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const { quick, write } = values;
const seed = Number(values.seed);
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
if (!Number.isSafeInteger(seed) || seed < 0 || (quick && write)) {
  console.error(`error: --seed takes a whole number, and --write all of it, not --quick\n\n${HELP}`);
  process.exit(1);
}

const effort = quick ? QUICK : FULL;
const found = await figures(effort, seed, (line) => console.log(`── ${line}`));
const gates = gatesOf(found);
const where = machine();
const date = new Date().toISOString().slice(0, 10);
const words = `${date}, ${where.cpu} (${where.cores} cores), ${where.platform}, Node ${where.node}`;
if (write) {
  const folder = join(root, "docs", "scale");
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}.md`, reportOf(found, effort, seed, words));
  for (const [name, svg] of Object.entries(chartsOf(found))) writeFileSync(join(folder, name), svg);
}
console.log(`\n${words}, seed ${seed}\n\n${table(gates)}`);
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ machine: where, gates }, null, 2)}\n`);
}
process.exitCode = gates.some(({ pass }) => pass === false) ? 1 : 0;
