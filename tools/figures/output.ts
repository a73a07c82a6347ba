import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { atLeast, type Gate } from "../fleet/gate.ts";
import { machine } from "../sim/gates.ts";

/** More than a table of figures has. Bytes. */
const ROOM = 65_536;

/**
 * Throws where a file cannot take what is to be written into it: no such folder, no right, no room. What it holds it keeps, and
 * one that was not there is not there after.
 */
export function checkWritable(path: string): void {
  const known = statSync(path, { throwIfNoEntry: false });
  // To open a pipe and close it again would end it for who reads it.
  if (known?.isFIFO()) return;
  const file = openSync(path, "a");
  try {
    const before = fstatSync(file);
    if (before.isFile()) {
      try {
        let left = ROOM;
        while (left > 0) left -= writeSync(file, Buffer.alloc(left, " "));
        fsyncSync(file);
      } finally {
        ftruncateSync(file, before.size);
      }
      // A device may be opened and take nothing; white space before JSON says nothing.
    } else writeSync(file, "\n");
  } finally {
    closeSync(file);
    if (known === undefined) rmSync(path, { force: true });
  }
}

/** Writes a file at the end of a run. That it could not be is told, and ends the run with 2: what was printed stands. */
export function writeOut(path: string | undefined, text: string): void {
  if (path === undefined) return;
  try {
    writeFileSync(path, text);
  } catch (error) {
    console.error(`error: ${path} could not be written: ${(error as Error).message}`);
    process.exitCode = 2;
  }
}

/** The figures of a run; one that breaks down has failed, and says so among them. */
export async function toItsEnd(run: () => Promise<readonly Gate[]>): Promise<readonly Gate[]> {
  try {
    return await run();
  } catch (error) {
    console.error(error);
    return [atLeast("came to its end", 0, 1, "runs")];
  }
}

/** Ends a run: its figures as JSON where that was asked for, and 1 when a check fails. */
export function conclude(
  path: string | undefined,
  gates: readonly Gate[],
  more: Readonly<Record<string, unknown>> = {},
): void {
  if (gates.some(({ pass }) => pass === false)) process.exitCode = 1;
  writeOut(path, `${JSON.stringify({ machine: machine(), gates, ...more }, null, 2)}\n`);
}
