import { measureBuild } from "./build.ts";
import { atMost, type Gate } from "./gate.ts";
import { freshKeys } from "./keys.ts";
import { measureLeast } from "./least.ts";
import { measureMoves } from "./moves.ts";
import { calm, freshCore, podsOf } from "./pods.ts";
import { measureRings } from "./rings.ts";
import { measureTwin } from "./twin.ts";

/** Every gate of the balancing core. @param dir a folder for what is compiled @param rounds that count, of each case */
export async function measureBalance(dir: string, rounds: number): Promise<Gate[]> {
  return [
    ...measureRings(rounds),
    ...(await measureTwin(dir, rounds)),
    ...measureBuild(rounds),
    ...measureMoves(),
    ...measureLeast(rounds),
    measureMemory(),
  ];
}

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
