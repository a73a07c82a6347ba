import { measureBuild } from "./build.ts";
import { atMost, type Gate, told } from "./gate.ts";
import { freshKeys } from "./keys.ts";
import { measureLeast } from "./least.ts";
import { measureMoves } from "./moves.ts";
import { measurePick } from "./pick.ts";
import { calm, freshCore, podsOf } from "./pods.ts";
import { measureTwin } from "./twin.ts";

/** Bytes by which the core grows over ten million picks. */
function measureMemory(): Gate {
  const core = freshCore();
  const pods = podsOf(1000);
  const table = core.table(pods, 16);
  const standing = calm(pods);
  const before = core.bytes;
  const keys = freshKeys(100_000);
  for (let round = 0; round < 100; round++) for (const key of keys) table.lookup(key, standing);
  return atMost("memory that the core grows by in ten million picks", core.bytes - before, 0, "bytes");
}

// bench/balance.ts runs this with a folder for what is compiled, and the number of rounds that count of each case.
const [dir, count] = process.argv.slice(2);
const rounds = Number(count);
const gates: Gate[] = [
  ...(await measureTwin(dir!, rounds)),
  ...measureBuild(rounds),
  ...measureMoves(),
  ...measureLeast(rounds),
  measureMemory(),
  told("consistent-hash pick, 1,000 pods, fresh sids", measurePick(), "ns"),
];
console.log(JSON.stringify(gates));
