import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Core, type Table } from "../src/core/core.ts";
import type { Pod } from "../src/model/pod.ts";
import { nextVersion, type PickerTools, type Standing } from "../src/policies/policy.ts";
import { root } from "../tools/build/root.ts";

/** One module for all, compiled once. */
let module: WebAssembly.Module | undefined;

/** The compiled core, an instance of its own. */
export function freshCore(): Core {
  module ??= new WebAssembly.Module(readFileSync(join(root, "build", "core.wasm")));
  return new Core(module);
}

/** Pods `web-0`, `web-1`, … of weight 1. */
export function podsOf(count: number): Pod[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `web-${index}`,
    pool: "web",
    index,
    tag: index + 1,
    url: "http://10.0.0.1",
    authority: "10.0.0.1",
    basePath: "",
    weight: 1,
    zone: undefined,
    generation: 0,
  }));
}

/** All are well and idle. */
export function calm(pods: readonly Pod[]): Standing {
  return {
    out: new Uint8Array(pods.length),
    live: pods.length,
    version: nextVersion(),
    inflight: new Uint32Array(pods.length),
  };
}

/** What a picker is built with: a core and one table, built on first use. */
export function toolsOf(core: Core, pods: readonly Pod[], bits: number): PickerTools {
  let table: Table | undefined;
  return {
    core,
    table: () => {
      table ??= core.table(pods, bits);
      return table;
    },
  };
}
