import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../build/bundle.ts";
import { Command } from "../figures/command.ts";
import { conclude, toItsEnd, writeOut } from "../figures/output.ts";
import { machine } from "../sim/gates.ts";
import { commandOf } from "./command.ts";
import { type Gate, table, told } from "./gate.ts";
import { LONG, SCENARIOS } from "./scenarios/index.ts";
import { inParallel } from "./wait.ts";

/** Scenarios that a quick run has going at once: most of their time they wait. */
const LANES = 3;

const NAMES = Object.keys(SCENARIOS);
const HELP = `npm run fleet -- [--quick] [--only NAME]... [--minutes N] [--seed N] [--json FILE] [--report FILE]

Whole fleets of real processes through what can happen to them. --only: ${NAMES.join(", ")}. --minutes: how long
"long" goes on, 10 unless told otherwise. --quick: the same checks in small. --json: its figures; --report: what is printed, as
Markdown. Ends with 1 when a check fails, with 2 when it cannot be run as asked.`;

const command = new Command(HELP);
const { json, report, only, quick, ...values } = command.read({
  json: { type: "string" },
  minutes: { type: "string", default: "10" },
  only: { type: "string", multiple: true, default: [] },
  quick: { type: "boolean", default: false },
  report: { type: "string" },
  seed: { type: "string", default: "1" },
  help: { type: "boolean", default: false },
});
const seed = command.whole("--seed", values.seed);
const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes < Number.POSITIVE_INFINITY)) {
  command.refuse(`--minutes takes a number over 0, not "${values.minutes}"`);
}
for (const name of only) {
  if (!Object.hasOwn(SCENARIOS, name)) command.refuse(`--only takes ${NAMES.join(", ")}, not "${name}"`);
}
command.needsRedis();
command.outputs({ "--json": json, "--report": report });

const dir = mkdtempSync(join(tmpdir(), "mooring-fleet-run-"));
// A signal skips `finally`: exit by it, so that what hooks into the exit still cleans up, as the workers do.
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const gates = await toItsEnd(async () => {
  const bundleDir = (await bundle({ outdir: join(dir, "worker") })).dir;
  const chosen = Object.entries(SCENARIOS).filter(([name]) =>
    only.length > 0 ? only.includes(name) : !(quick && LONG.has(name)),
  );
  const results = new Map<string, readonly Gate[]>();
  await inParallel(chosen, quick ? LANES : 1, async ([name, scenario]) => {
    const began = performance.now();
    console.log(`── ${name}`);
    const say = (line: string) => console.log(`   ${quick ? `${name}: ` : ""}${line}`);
    const own = await toItsEnd(() => scenario({ quick, bundleDir, minutes, seed, say }));
    const took = told("took", Math.round((performance.now() - began) / 100) / 10, "s");
    results.set(
      name,
      [...own, took].map((gate) => ({ ...gate, name: `${name}: ${gate.name}` })),
    );
  });
  return chosen.flatMap(([name]) => results.get(name)!);
});
const { cpu, cores, platform, node } = machine();
const date = new Date().toISOString().slice(0, 10);
const where = `${date}, ${cpu} (${cores} cores), ${platform}, Node ${node}, seed ${seed}`;
console.log(`\n${where}\n\n${table(gates)}`);
if (report !== undefined) {
  const asked = commandOf("npm run fleet", process.argv.slice(2), ["--json", "--report"]);
  writeOut(report, `# A fleet and what was done to it\n\n\`${asked}\`: ${where}\n\n${table(gates)}\n`);
}
conclude(json, gates);
