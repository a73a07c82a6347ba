import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundle } from "../tools/build/bundle.ts";
import { root } from "../tools/build/root.ts";
import { Command } from "../tools/figures/command.ts";
import { measureBalance } from "./balance.ts";
import { measureEdge } from "./edge.ts";
import { atLeast, atMost, type Gate, table, told } from "./gate.ts";
import { measureRedis } from "./redis.ts";

const command = new Command(`npm run bench -- [--quick] [--json FILE]

CPU of a warm request beside a bare pass-through, picks beside npm rings and a twin in C, balance, Redis commands, the bundle: one
to five minutes. --quick: fewer rounds. Ends with 1 when a bar is missed, with 2 when it cannot be run as asked.`);
const values = command.read({
  json: { type: "string" },
  quick: { type: "boolean", default: false },
  help: { type: "boolean", default: false },
});
command.outputs({ "--json": values.json });
const dir = mkdtempSync(join(tmpdir(), "mooring-bench-"));
// A signal skips `finally`: exit by it, so that what hooks into the exit still cleans up, as the workers do.
process.on("exit", () => rmSync(dir, { recursive: true, force: true }));
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));
try {
  const built = await bundle({ outdir: join(dir, "worker"), minify: true });
  const names = built.modules.map(({ name }) => name);
  const balance = await measureBalance(dir, values.quick ? 5 : 15);
  const commands = await measureRedis(built.dir);
  const edge = await measureEdge(built.dir, dir, values.quick ? 2 : 9);
  const gates: Gate[] = [
    atLeast("warm sticky request vs bare pass-through, CPU", edge.ratio, 0.8, "ratio"),
    told("its lowest round", edge.range[0], "ratio"),
    told("its highest round", edge.range[1], "ratio"),
    told("its standard error", edge.error, "ratio"),
    told("bare against bare, the noise of it", edge.noise[0], "ratio"),
    told("the lowest round of the noise", edge.noise[1], "ratio"),
    told("the highest round of the noise", edge.noise[2], "ratio"),
    told("CPU of a bare request", edge.bare, "µs"),
    told("CPU that the edge adds to it", edge.added, "µs"),
    atMost("Redis commands for a warm sticky request", commands, 0, "commands"),
    ...balance,
    ...(await sizes(built.dir, names)),
  ];
  const machine = {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
  const { cpu, cores, platform, node } = machine;
  const date = new Date().toISOString().slice(0, 10);
  console.log(`${date}, ${cpu} (${cores} cores), ${platform}, Node ${node}\n\n${table(gates)}`);
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ machine, gates }, null, 2)}\n`);
  if (gates.some((gate) => gate.pass === false)) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function sizes(folder: string, names: readonly string[]): Promise<Gate[]> {
  const parts = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const core = await readFile(join(root, "build", "core.wasm"));
  const packed = (bytes: Uint8Array) => gzipSync(bytes, { level: 9 }).length;
  const kib = (bytes: number) => Math.round((bytes / 1024) * 10) / 10;
  const all = parts.reduce((sum, part) => sum + packed(part), 0);
  return [
    atMost("bundle, js and wasm, minified and gzipped", kib(all), 120, "KiB"),
    atMost("core.wasm, raw", kib(core.length), 20, "KiB"),
    atMost("core.wasm, gzipped", kib(packed(core)), 8, "KiB"),
  ];
}
