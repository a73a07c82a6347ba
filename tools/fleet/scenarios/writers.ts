import { startFleet } from "../fleet.ts";
import { atLeast, type Gate, none, told } from "../gate.ts";
import type { Run } from "../scenario.ts";
import { writeAll, writersPool } from "../writers.ts";

/** Twenty writers of one config, at two edges, fifty changes each: all of them are in the last one. */
export async function writers({ quick, bundleDir, say }: Run): Promise<Gate[]> {
  const [count, each] = [20, quick ? 5 : 50];
  const fleet = await startFleet({
    edges: 2,
    bundleDir,
    config: (pods) => ({
      version: 1,
      pools: { web: { pods }, ...writersPool(count) },
      routes: [{ pool: "web" }, { path: "/writers", pool: "writers" }],
    }),
  });
  try {
    const done = await writeAll(fleet, count, each);
    for (const line of done.errors) say(line);
    const lost = done.counted.reduce((sum, counted) => sum + Math.abs(each - counted), 0);
    return [
      atLeast("writes that succeeded", done.won, count * each, "writes"),
      told("writes that came too late, and were tried again", done.stale, "writes"),
      none("changes that the last config lacks, or has twice", lost, "changes"),
      none(
        "revisions more or less than writes that succeeded",
        Math.abs(done.revisions - done.won),
        "revisions",
      ),
      none("gaps in the history", done.gaps, "gaps"),
      none("other answers", done.errors.length, "answers"),
    ];
  } finally {
    await fleet.stop();
  }
}
