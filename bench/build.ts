import type { Core, Table } from "../src/core/core.ts";
import { atLeast, atMost, type Gate, told } from "./gate.ts";
import { Maglev } from "./maglev.ts";
import { freshCore, podsOf } from "./pods.ts";
import { alone, sideBySide, times } from "./side.ts";

const BITS = 17;
const PODS = 1000;

/** What a table of 2^17 slots costs to build and to change, for 1,000 pods, beside Maglev by hand with 65,537. */
export function measureBuild(rounds: number): Gate[] {
  const pods = podsOf(PODS);
  const ids = pods.map(({ id }) => id);
  const core = freshCore();
  const kept = freshCore();
  let table = kept.table(pods, BITS);
  let gone = 0;
  // A pod leaves, and in the next round it is back.
  const change = () => {
    gone++;
    const next = gone % 2 === 1 ? pods.toSpliced((gone * 397) % PODS, 1) : pods;
    return () => {
      table = kept.retable(table, next, BITS);
    };
  };
  const [cold, maglev, one] = sideBySide(
    [
      { count: 1, prepare: () => () => core.table(pods, BITS).free() },
      { count: 1, prepare: () => () => new Maglev(ids) },
      { count: 1, prepare: change },
    ],
    2 * rounds,
  ) as [number[], number[], number[]];
  if (core.traps + kept.traps > 0) throw new Error("the core trapped");
  const ms = (rounds: readonly number[]) => Number((alone(rounds) / 1e6).toFixed(2));
  return [
    atMost("cold build, 1,000 pods, 2^17 slots, vs Maglev of 65,537", times(cold, maglev), 5, "×"),
    atMost("change of one pod vs the cold build", times(one, cold), 0.5, "×"),
    told("cold build", ms(cold), "ms"),
    told("Maglev", ms(maglev), "ms"),
    told("change of one pod", ms(one), "ms"),
    ...shape(core),
  ];
}

/** How far the fullest pod is above the mean, at worst. */
function shape(core: Core): Gate[] {
  const peaks = [10, 100, PODS].map((count) => {
    const table = core.table(podsOf(count), BITS);
    const held = new Uint32Array(count);
    for (const owner of ownersOf(table)) held[owner]!++;
    table.free();
    return (Math.max(...held) * count) / table.size;
  });
  const worst = Number(Math.max(...peaks).toFixed(4));
  return [
    atMost("peak/mean of the table, up to 1,000 pods", worst, 1.12, "×"),
    atLeast(
      "pods of 1,000 that have a slot",
      new Set(ownersOf(core.table(podsOf(PODS), BITS))).size,
      PODS,
      "pods",
    ),
  ];
}

/** The owner of each slot. */
export function ownersOf(table: Table): Uint16Array {
  return Uint16Array.from({ length: table.size }, (_, slot) => table.slotOwner(slot));
}
