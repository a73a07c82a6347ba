import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../build/bundle.ts";
import { commandOf } from "../fleet/command.ts";
import { table } from "../fleet/gate.ts";
import { findRedisServer } from "../gateway/redis.ts";
import { conduct, Told } from "./conduct.ts";
import { FULL, QUICK } from "./plan.ts";
import { report } from "./report.ts";
import { openStand } from "./stand.ts";
import { verdict } from "./verdict.ts";

/** `npm run stress -- [--quick] [--seed N] [--json FILE] [--html FILE]`: ends with 1 when a check fails. */
const { values } = parseArgs({
  options: {
    html: { type: "string" },
    json: { type: "string" },
    quick: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
  },
});
const seed = Number(values.seed);
if (!Number.isSafeInteger(seed)) {
  console.error("error: --seed takes a whole number");
  process.exit(1);
}
if (findRedisServer() === undefined) {
  console.error("error: the stress run needs a redis-server on PATH");
  process.exit(1);
}

const dir = mkdtempSync(join(tmpdir(), "mooring-stress-"));
// A signal skips `finally`: exit by it, so that what hooks into the exit still cleans up, as the workers do.
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
try {
  const bundleDir = (await bundle({ outdir: join(dir, "worker") })).dir;
  const plan = values.quick ? QUICK : FULL;
  const told = new Told();
  const stand = await openStand({ plan, seed, bundleDir, ticked: (load, tick) => told.take(load, tick) });
  try {
    const course = await conduct(stand, plan, told);
    const gates = await verdict(stand, plan, course, (line) => console.log(line));
    const machine = {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      platform: `${process.platform}-${process.arch}`,
      node: process.version,
    };
    const { cpu, cores, platform, node } = machine;
    const date = new Date().toISOString().slice(0, 10);
    const where = `${date}, ${cpu} (${cores} cores), ${platform}, Node ${node}, seed ${seed}`;
    console.log(`\n${where}\n\n${table(gates)}`);
    const { faults } = course;
    const { seconds } = course.timeline;
    if (values.json !== undefined) {
      writeFileSync(values.json, `${JSON.stringify({ machine, gates, plan, faults, seconds }, null, 2)}\n`);
    }
    if (values.html !== undefined) {
      const command = commandOf("npm run stress", process.argv.slice(2), ["--json", "--html"]);
      writeFileSync(values.html, report({ command, where, gates, faults, seconds }));
    }
    if (gates.some(({ pass }) => pass === false)) process.exitCode = 1;
  } finally {
    await stand.stop();
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
