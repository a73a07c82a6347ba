import { Fault, shown } from "../affinity/option.ts";
import type { Report } from "./references.ts";
import { list, own, type Tree, tree } from "./tree.ts";

/** What routes may not say of the sessions of their scope: they are found by other ways than these can be held to. */
export function checkSessions(pools: Tree, routes: readonly Tree[], report: Report): void {
  const first = new Map<string, number>();
  routes.forEach(({ pool, split, sticky, headerBeatsSession }, i) => {
    const primary = pool ?? Object.keys(tree(split))[0];
    if (typeof primary !== "string") return;
    const keyed = sourcesOf(tree(own(pools, primary))).find(
      (source) => source !== "cookie" && source !== "token" && source !== "none",
    );
    if (sticky === "primary" && keyed !== undefined) {
      const message = `the sessions of pool ${shown(primary)} are found by ${shown(keyed)}, which every side has`;
      report(
        ["routes", i, "sticky"],
        new Fault(message, "leave sticky out, or find them by their cookie alone"),
      );
    }
    if (headerBeatsSession === true && sourcesOf(tree(own(pools, primary))).includes("learn")) {
      const message = `another side's pod would mint over the sessions of pool ${shown(primary)}`;
      report(
        ["routes", i, "headerBeatsSession"],
        new Fault(message, "leave it out, or use the edge's own cookie"),
      );
    }
    if (sticky !== "all" && sticky !== "primary") return;
    const before = first.get(primary) ?? i;
    first.set(primary, before);
    if (routes[before]?.sticky === sticky) return;
    const message = `routes[${before}] says otherwise of the sessions that it shares with this one`;
    report(["routes", i, "sticky"], new Fault(message, "write the same for all routes of one first pool"));
  });
}

/** The names of a pool's affinity chain, as far as they can be read. */
function sourcesOf({ affinity }: Tree): string[] {
  return (Array.isArray(affinity) ? list(affinity) : [affinity]).map((source) =>
    typeof source === "string" ? source : (Object.keys(tree(source))[0] ?? "cookie"),
  );
}
