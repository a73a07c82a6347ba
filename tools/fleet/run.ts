import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../build/bundle.ts";
import { findRedisServer } from "../gateway/redis.ts";
import { atLeast, type Gate, table, told } from "./gate.ts";
import { LONG, SCENARIOS } from "./scenarios/index.ts";

/** `npm run fleet -- [--quick] [--only NAME] [--seed N] [--json FILE]`: ends with 1 when a check fails. */
const { values } = parseArgs({
  options: {
    json: { type: "string" },
    only: { type: "string", multiple: true, default: [] },
    quick: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
  },
});
const { only, quick } = values;
const seed = Number(values.seed);
const unknown = only.filter((name) => !Object.hasOwn(SCENARIOS, name));
if (unknown.length > 0 || !Number.isSafeInteger(seed)) {
  console.error(`error: --only takes ${Object.keys(SCENARIOS).join(", ")}; --seed takes a number`);
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
  const gates: Gate[] = [];
  for (const [name, scenario] of Object.entries(SCENARIOS)) {
    if (quick && LONG.has(name) && !only.includes(name)) continue;
    if (only.length > 0 && !only.includes(name)) continue;
    const began = performance.now();
    console.log(`── ${name}`);
    const say = (line: string) => console.log(`   ${line}`);
    const own = await scenario({ quick, bundleDir, seed, say }).catch((error: unknown) => {
      console.error(error);
      return [atLeast("came to its end", 0, 1, "runs")];
    });
    const took = told("took", Math.round((performance.now() - began) / 100) / 10, "s");
    gates.push(...[...own, took].map((gate) => ({ ...gate, name: `${name}: ${gate.name}` })));
  }
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
  const date = new Date().toISOString().slice(0, 10);
  const { cpu, cores, platform, node } = machine;
  console.log(
    `\n${date}, ${cpu} (${cores} cores), ${platform}, Node ${node}, seed ${seed}\n\n${table(gates)}`,
  );
  if (values.json !== undefined) {
    writeFileSync(values.json, `${JSON.stringify({ machine, gates }, null, 2)}\n`);
  }
  if (gates.some(({ pass }) => pass === false)) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}
