import { expect, it } from "vitest";
import { changes } from "../../../../tools/cli/sync/changes.ts";

const pods = (...ids: string[]) => ids.map((id) => ({ id, url: `http://${id}` }));

it("says what differs, a line for each pool", () => {
  const before = {
    pools: {
      web: { pods: pods("a", "b", "c"), policy: "random" },
      old: { pods: [] },
      same: { pods: pods("s") },
    },
    routes: [{ path: "/", pool: "web" }],
  };
  const after = {
    explain: true,
    pools: {
      web: { pods: [{ id: "b", url: "http://b", weight: 0 }, ...pods("c", "d")], policy: "ewma" },
      new: { pods: pods("n") },
      same: { pods: pods("s") },
    },
    routes: [
      { path: "/a", pool: "new" },
      { path: "/", pool: "web" },
    ],
  };
  expect(changes(before, after)).toEqual([
    "+ pool new: 1 pods",
    "- pool old",
    "pool web: + d, - a, ~ b, other settings",
    "routes: 1 new, 0 gone",
    "other settings",
  ]);
  expect(changes(before, before)).toEqual([]);
  expect(changes(undefined, { pools: {}, routes: [] })).toEqual([]);
});
