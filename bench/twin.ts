import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Abi } from "../src/core/abi.ts";
import { root } from "../tools/build/root.ts";
import { atMost, type Gate, told } from "./gate.ts";
import { freshKeys } from "./keys.ts";
import { podsOf } from "./pods.ts";
import { alone, times } from "./side.ts";

const run = promisify(execFile);
const BITS = 16;
const COUNT = 200_000;

interface Loop extends Abi {
  lookups(table: number, keys: number, count: number): number;
}

/** Hash and lookup inside the core beside the same in C, over the same packed keys: fails when they do not agree. */
export async function measureTwin(dir: string, rounds: number): Promise<Gate[]> {
  const name = "hash and lookup inside WebAssembly vs the same in C (gcc -O3)";
  const binary = join(dir, "twin");
  if (!(await compiled(binary))) return [atMost(name, null, 1.3, "×")];
  const loop = await instance(dir);
  const { table, keys, bytes } = fill(loop);
  const file = join(dir, "twin.bin");
  const owners = Uint16Array.from({ length: 2 ** BITS }, (_, slot) => loop.owner(table, slot << (32 - BITS)));
  const packed = new Uint8Array(loop.memory.buffer, keys, bytes);
  await writeFile(file, Buffer.concat([Buffer.from(owners.buffer), packed]));
  const [here, there]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    const { stdout } = await run(binary, [file, String(BITS), String(bytes), String(COUNT), "5"]);
    const [sum, ...each] = stdout.trim().split("\n").map(Number);
    there.push(Math.min(...each));
    const own = Array.from({ length: 5 }, () => {
      const start = process.hrtime.bigint();
      const found = loop.lookups(table, keys, COUNT) >>> 0;
      if (found !== sum) throw new Error(`C and the core disagree: ${sum} and ${found}`);
      return Number(process.hrtime.bigint() - start) / COUNT;
    });
    here.push(Math.min(...own));
  }
  const each = (rounds: readonly number[]) => Number(alone(rounds).toFixed(2));
  return [
    atMost(name, times(here, there), 1.3, "×"),
    told("inside WebAssembly", each(here), "ns"),
    told("in C", each(there), "ns"),
  ];
}

/** Compiles the twin; false where there is no gcc. */
async function compiled(binary: string): Promise<boolean> {
  try {
    await run("gcc", ["-O3", "-o", binary, join(import.meta.dirname, "twin.c")]);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}

/** The core with its loop, by the options of the core. */
async function instance(dir: string): Promise<Loop> {
  const file = join(dir, "loop.wasm");
  const asc = join(root, "node_modules", "assemblyscript", "bin", "asc.js");
  const flags = "--runtime stub --bindings none --enable simd -O3 --converge --noAssert --initialMemory 256";
  const hook = ["--use", "abort=assembly/index/abortHook", "--outFile", file];
  await run(process.execPath, [asc, join(root, "assembly", "loop.ts"), ...flags.split(" "), ...hook], {
    cwd: root,
  });
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(await readFile(file)));
  return exports as unknown as Loop;
}

/** A table of 1,000 pods and as many packed keys as are looked up. */
function fill(loop: Loop): { table: number; keys: number; bytes: number } {
  const pods = podsOf(1000);
  const sizes = [
    loop.ladderBytes(BITS),
    loop.tableBytes(1000, BITS),
    loop.raceBytes(BITS),
    loop.scratchBytes(1000, BITS),
  ];
  const regions = [loop.REGIONS.value as number];
  for (const size of sizes) regions.push((regions.at(-1)! + size + 15) & ~15);
  const [ladder, table, race, scratch, keys] = regions as [number, number, number, number, number];
  loop.layLadder(ladder, BITS);
  loop.open(table, ladder, 1000, BITS, 1000);
  for (const [index, id] of pods
    .map((pod) => pod.id)
    .sort()
    .entries()) {
    Buffer.from(loop.memory.buffer).write(id, loop.KEY.value as number);
    loop.seat(table, index, id.length, 1);
  }
  loop.build(table, race, scratch);
  // Of 8 to 24 characters, as keys differ: of one length, C would compute what follows from it once for all of them.
  const packed = freshKeys(COUNT, 24).map((key, i) => {
    const text = key.slice(0, 8 + ((i * 7) % 17));
    return String.fromCharCode(text.length) + text;
  });
  const bytes = Buffer.from(loop.memory.buffer).write(packed.join(""), keys, "latin1");
  return { table, keys, bytes };
}
