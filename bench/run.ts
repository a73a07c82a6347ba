import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { bundle } from "../tools/build/bundle.ts";
import { root } from "../tools/build/root.ts";
import { measureEdge } from "./edge.ts";

/** One line of the table; `pass` null: there is no bar, or it was not measured. */
interface Gate {
  readonly name: string;
  readonly value: number | null;
  readonly bar: number | null;
  readonly unit: string;
  readonly pass: boolean | null;
}

const { values } = parseArgs({
  options: { json: { type: "string" }, quick: { type: "boolean", default: false } },
});
const dir = mkdtempSync(join(tmpdir(), "mooring-bench-"));
try {
  const built = await bundle({ outdir: join(dir, "worker"), minify: true });
  const edge = await measureEdge(built.dir, dir, values.quick ? 2 : 6);
  const gates: Gate[] = [
    atLeast("warm sticky request vs a bare pass-through, CPU", edge.ratio, 0.8, "ratio"),
    { name: "bare against bare (the noise of it)", value: edge.noise, bar: null, unit: "ratio", pass: null },
    { name: "CPU of a bare request", value: edge.bare, bar: null, unit: "µs", pass: null },
    ...(await sizes(
      built.dir,
      built.modules.map(({ name }) => name),
    )),
  ];
  console.table(gates.map(({ name, value, bar, unit, pass }) => ({ name, value, bar, unit, pass })));
  const [cpu] = cpus();
  const machine = { cpu: cpu?.model ?? "unknown", cores: cpus().length, node: process.version };
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ machine, gates }, null, 2)}\n`);
  if (gates.some((gate) => gate.pass === false)) process.exitCode = 1;
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function sizes(folder: string, names: readonly string[]): Promise<Gate[]> {
  const parts = await Promise.all(names.map((name) => readFile(join(folder, name))));
  const packed = parts.reduce((sum, part) => sum + gzipSync(part, { level: 9 }).length, 0);
  const wasm = join(root, "build", "core.wasm");
  const kib = (bytes: number) => Math.round((bytes / 1024) * 10) / 10;
  return [
    atMost("the bundle, js and wasm, minified and gzipped", kib(packed), 120, "KiB"),
    atMost("core.wasm, raw", kib(statSync(wasm).size), 20, "KiB"),
    atMost("core.wasm, gzipped", kib(gzipSync(await readFile(wasm), { level: 9 }).length), 8, "KiB"),
  ];
}

function atLeast(name: string, value: number, bar: number, unit: string): Gate {
  return { name, value, bar, unit, pass: value >= bar };
}

function atMost(name: string, value: number, bar: number, unit: string): Gate {
  return { name, value, bar, unit, pass: value <= bar };
}
