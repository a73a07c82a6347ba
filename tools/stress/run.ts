import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../build/bundle.ts";
import { Command } from "../figures/command.ts";
import { conclude, toItsEnd, writeOut } from "../figures/output.ts";
import { commandOf } from "../fleet/command.ts";
import { table } from "../fleet/gate.ts";
import { machine } from "../sim/gates.ts";
import { type Course, conduct, Told } from "./conduct.ts";
import { FULL, QUICK } from "./plan.ts";
import { report } from "./report.ts";
import { openStand } from "./stand.ts";
import { verdict } from "./verdict.ts";

const HELP = `npm run stress -- [--quick] [--seed N] [--json FILE] [--html FILE]

Up to 5,000 users at fixed rates before a fleet of real processes, through kills of pods and partitions: some 13 minutes.
--quick: the same in small, within one. --json: its figures; --html: a page of them with plots. Ends with 1 when a check
fails, with 2 when it cannot be run as asked.`;

const command = new Command(HELP);
const { json, html, quick, ...values } = command.read({
  html: { type: "string" },
  json: { type: "string" },
  quick: { type: "boolean", default: false },
  seed: { type: "string", default: "1" },
  help: { type: "boolean", default: false },
});
const seed = command.whole("--seed", values.seed);
command.needsRedis();
command.outputs({ "--json": json, "--html": html });

const dir = mkdtempSync(join(tmpdir(), "mooring-stress-"));
// A signal skips `finally`: exit by it, so that what hooks into the exit still cleans up, as the workers do.
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
const plan = quick ? QUICK : FULL;
let course: Course | undefined;
const gates = await toItsEnd(async () => {
  const bundleDir = (await bundle({ outdir: join(dir, "worker") })).dir;
  const told = new Told();
  const stand = await openStand({ plan, seed, bundleDir, ticked: (load, tick) => told.take(load, tick) });
  try {
    course = await conduct(stand, plan, told);
    return await verdict(stand, plan, course, (line) => console.log(line));
  } finally {
    await stand.stop();
  }
});
const { cpu, cores, platform, node } = machine();
const date = new Date().toISOString().slice(0, 10);
const where = `${date}, ${cpu} (${cores} cores), ${platform}, Node ${node}, seed ${seed}`;
console.log(`\n${where}\n\n${table(gates)}`);
const faults = course?.faults ?? [];
const seconds = course?.timeline.seconds ?? [];
conclude(json, gates, { plan, faults, seconds });
if (html !== undefined) {
  const asked = commandOf("npm run stress", process.argv.slice(2), ["--json", "--html"]);
  writeOut(html, report({ command: asked, where, gates, faults, seconds }));
}
