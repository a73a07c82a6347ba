import { expect, it } from "vitest";
import { startFleet } from "../../tools/fleet/fleet.ts";
import { writeAll, writersPool } from "../../tools/fleet/writers.ts";

it("loses none of the changes of twenty writers at two edges: each is in the last config", async () => {
  const fleet = await startFleet({
    edges: 2,
    config: (pods) => ({
      version: 1,
      pools: { web: { pods }, ...writersPool(20) },
      routes: [{ pool: "web" }, { path: "/writers", pool: "writers" }],
    }),
  });
  try {
    const done = await writeAll(fleet, 20, 3);
    expect(done).toMatchObject({ won: 60, revisions: 60, gaps: 0, errors: [] });
    expect(done.counted).toEqual(Array(20).fill(3));
    // Else nobody was in anybody's way, and it says nothing.
    expect(done.stale).toBeGreaterThan(0);
  } finally {
    await fleet.stop();
  }
}, 60_000);
