import { readFileSync } from "node:fs";
import { Core } from "../../src/core/core.ts";

const FILE = new URL("../../build/core.wasm", import.meta.url);

/** The compiled core as it lies on disk: `npm run build` makes it. */
export function coreBytes(): Buffer<ArrayBuffer> {
  return readFileSync(FILE);
}

/** A core of its own. */
export function testCore(cap?: number): Core {
  return new Core(new WebAssembly.Module(coreBytes()), cap);
}
