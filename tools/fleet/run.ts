import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../build/bundle.ts";
import { findRedisServer } from "../gateway/redis.ts";
import { commandOf } from "./command.ts";
import { atLeast, type Gate, table, told } from "./gate.ts";
import { LONG, SCENARIOS } from "./scenarios/index.ts";
import { inParallel } from "./wait.ts";

/** Scenarios that a quick run has going at once: most of their time they wait. */
const LANES = 3;

/**
 * `npm run fleet -- [--quick] [--only NAME] [--minutes N] [--seed N] [--json FILE] [--report FILE]`: ends with 1 when a check
 * fails. The report is what is printed, as Markdown.
 */
const { values } = parseArgs({
  options: {
    json: { type: "string" },
    minutes: { type: "string", default: "10" },
    only: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    report: { type: "string" },
    seed: { type: "string", default: "1" },
  },
});
const { only, quick } = values;
const [seed, minutes] = [Number(values.seed), Number(values.minutes)];
const unknown = only.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (unknown.length > 0 || !Number.isSafeInteger(seed) || !(minutes > 0)) {
  const names = Object.keys(SCENARIOS).join(", ");
  console.error(`error: --only takes ${names}; --seed takes a whole number, --minutes one over 0`);
  process.exit(1);
}
if (findRedisServer() === undefined) {
  console.error("error: the fleet needs a redis-server on PATH");
  process.exit(1);
}

const dir = mkdtempSync(join(tmpdir(), "mooring-fleet-run-"));
// A signal skips `finally`: exit by it, so that what hooks into the exit still cleans up, as the workers do.
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
try {
  const bundleDir = (await bundle({ outdir: join(dir, "worker") })).dir;
  const chosen = Object.entries(SCENARIOS).filter(([name]) =>
    only.length > 0 ? only.includes(name) : !(quick && LONG.has(name)),
  );
  const results = new Map<string, Gate[]>();
  await inParallel(chosen, quick ? LANES : 1, async ([name, scenario]) => {
    const began = performance.now();
    console.log(`── ${name}`);
    const say = (line: string) => console.log(`   ${quick ? `${name}: ` : ""}${line}`);
    const own = await scenario({ quick, bundleDir, minutes, seed, say }).catch((error: unknown) => {
      console.error(error);
      return [atLeast("came to its end", 0, 1, "runs")];
    });
    const took = told("took", Math.round((performance.now() - began) / 100) / 10, "s");
    results.set(
      name,
      [...own, took].map((gate) => ({ ...gate, name: `${name}: ${gate.name}` })),
    );
  });
  const gates = chosen.flatMap(([name]) => results.get(name)!);
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
  const date = new Date().toISOString().slice(0, 10);
  const { cpu, cores, platform, node } = machine;
  const where = `${date}, ${cpu} (${cores} cores), ${platform}, Node ${node}, seed ${seed}`;
  console.log(`\n${where}\n\n${table(gates)}`);
  if (values.report !== undefined) {
    const asked = commandOf("npm run fleet", process.argv.slice(2), ["--json", "--report"]);
    const head = `# A fleet and what was done to it\n\n\`${asked}\`: ${where}`;
    writeFileSync(values.report, `${head}\n\n${table(gates)}\n`);
  }
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, gates }, null, 2)}\n`);
  }
  if (gates.some(({ pass }) => pass === false)) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
