import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Core, type Table } from "../src/core/core.ts";
import type { Pod } from "../src/model/pod.ts";
import { consistentHash } from "../src/policies/consistent-hash.ts";
import { nextVersion, type Standing } from "../src/policies/policy.ts";
import { root } from "../tools/build/root.ts";
import { median } from "./gate.ts";

const PODS = 1000;
const PICKS = 100_000;
const ROUNDS = 9;

/** Nanoseconds of one consistent-hash pick among 1,000 pods of weight 1, by sids that were never seen before. */
export function measurePick(): number {
  const core = new Core(new WebAssembly.Module(readFileSync(join(root, "build", "core.wasm"))));
  const pods = Array.from({ length: PODS }, (_, index) => podOf(index));
  let table: Table | undefined;
  const picker = consistentHash.build(
    pods,
    {},
    {
      core,
      table: () => {
        table ??= core.table(pods, 16);
        return table;
      },
    },
  );
  const standing: Standing = {
    out: new Uint8Array(PODS),
    live: PODS,
    version: nextVersion(),
    inflight: new Uint32Array(PODS),
  };
  const seen = new Uint32Array(PODS);
  const rounds = Array.from({ length: ROUNDS }, () => {
    const sids = Array.from({ length: PICKS }, () => randomBytes(16).toString("hex"));
    const start = process.hrtime.bigint();
    for (const key of sids) {
      const index = picker.pick({ key, word: 0 }, standing);
      seen[index] = seen[index]! + 1;
    }
    return Number(process.hrtime.bigint() - start) / PICKS;
  });
  if (core.traps > 0 || seen.some((count) => count === 0))
    throw new Error("the picks are not what they should be");
  // The first rounds compile; the rest outnumber them.
  return Math.round(median(rounds));
}

function podOf(index: number): Pod {
  return {
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
  };
}
