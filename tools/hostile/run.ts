import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundle } from "../build/bundle.ts";
import { Command } from "../figures/command.ts";
import { campaign, type Report } from "./campaign.ts";
import { startEdge } from "./edge.ts";
import { startRecorder } from "./recorder.ts";

const command = new Command(`npm run hostile -- [--mutations N] [--seed N] [--first I] [--json FILE]

Sends requests that were made wrong on purpose to an edge, beside one that is right, and looks at what a pod makes of them: 10,000
unless told otherwise, from the I-th on. Ends with 1 on a desync, with 2 when it cannot be run as asked.`);
const values = command.read({
  mutations: { type: "string", default: "10000" },
  seed: { type: "string", default: "1" },
  first: { type: "string", default: "0" },
  json: { type: "string" },
  help: { type: "boolean", default: false },
});
const mutations = command.whole("--mutations", values.mutations);
const seed = command.whole("--seed", values.seed);
const first = command.whole("--first", values.first);
command.outputs({ "--json": values.json });

const dir = mkdtempSync(join(tmpdir(), "mooring-hostile-"));
// A signal skips `finally`: exit by it, so that what hooks into the exit still cleans up, as workerd does.
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const recorder = await startRecorder();
const edge = await startEdge((await bundle({ outdir: join(dir, "worker") })).dir, recorder.url);
try {
  const began = performance.now();
  const report = await campaign(edge.port, recorder, { seed, mutations, first });
  console.log(told(report, (performance.now() - began) / 1000));
  if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(report, null, 2)}\n`);
  if (report.desyncs.length > 0) process.exitCode = 1;
} finally {
  await edge.stop();
  await recorder.stop();
}

function told({ outcomes, mutators, desyncs, connections }: Report, seconds: number): string {
  const rows = Object.entries(mutators)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, { tried, forwarded }]) =>
        `  ${name.padEnd(15)} ${String(tried).padStart(6)} ${String(forwarded).padStart(6)}`,
    );
  const shown = desyncs
    .slice(0, 50)
    .map(
      ({ id, why, mutators: used, bytes }) =>
        `desync ${id} [${used}]: ${why}\n  ${JSON.stringify(bytes.slice(0, 600))}`,
    );
  return [
    `seed ${seed}, cases ${first} to ${first + mutations - 1}: ${seconds.toFixed(1)} s over ${connections} connections to the pod`,
    Object.entries(outcomes)
      .map(([name, count]) => `${name} ${count}`)
      .join(", "),
    "  mutator          tried  whole",
    ...rows,
    ...shown,
  ].join("\n");
}
