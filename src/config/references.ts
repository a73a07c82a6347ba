import { Fault, shown } from "../affinity/option.ts";
import { PATH_TYPES } from "../model/snapshot.ts";
import { cookieConflicts } from "./conflicts.ts";
import { type Diagnostic, diagnostic, MAX_ERRORS, type Path } from "./diagnostic.ts";
import { isSelf } from "./forbidden.ts";
import { parseHost } from "./host.ts";
import { checkMatch, matchKey } from "./match.ts";
import { suggest } from "./nearest.ts";
import { foldCase } from "./path.ts";
import { parsePoolName } from "./pool.ts";
import { readRoutePath } from "./route.ts";
import { checkSessions } from "./sticky.ts";
import { list, type Tree, tree } from "./tree.ts";
import { parseUrl } from "./url.ts";

/**
 * The errors between the parts of a config: names that lead nowhere or stand twice, routes without an aim, cookies that
 * meet. Reads the document and not what the schema made of it, so that these are told together with the schema's errors.
 *
 * @param authority `host[:port]` of the edge itself, where it is known
 */
export function references(document: unknown, authority: string | undefined): Diagnostic[] {
  const root = tree(document);
  const pools = tree(root.pools);
  const errors: Diagnostic[] = [];
  const report: Report = (path, fault) => errors.push(diagnostic(path, fault));
  // A hint costs a look at every pool: errors that are only counted get none.
  const hint = (name: string) =>
    errors.length < MAX_ERRORS ? suggest(name, Object.keys(pools), "pools") : "";
  const checkPool = (path: Path, name: string) => {
    if (!Object.hasOwn(pools, name)) report(path, new Fault(`there is no pool ${shown(name)}`, hint(name)));
  };
  for (const [name, pool] of Object.entries(pools)) {
    const fault = parsePoolName(name);
    if (fault instanceof Fault) report(["pools", name], fault);
    checkPods(["pools", name, "pods"], list(tree(pool).pods), authority, report);
  }
  const seen = new Map<string, number>();
  list(root.routes).forEach((route, i) => {
    checkAim(["routes", i], tree(route), checkPool, report);
    checkMatch(["routes", i], tree(route), report);
    const path = pathOf(tree(route));
    if (path instanceof Fault) report(["routes", i, "path"], path);
    const key = placeOf(tree(route), path);
    const first = key === undefined ? undefined : seen.get(key);
    if (first !== undefined) {
      const message = `the same host and path as routes[${first}]`;
      report(["routes", i], new Fault(message, "leave one of the two out, or join them in a split"));
    } else if (key !== undefined) seen.set(key, i);
  });
  checkSessions(pools, list(root.routes).map(tree), report);
  return [...errors, ...cookieConflicts(pools, list(root.routes).map(tree))];
}

export type Report = (path: Path, fault: Fault) => void;
type CheckPool = (path: Path, name: string) => void;

function checkPods(
  path: Path,
  pods: readonly unknown[],
  authority: string | undefined,
  report: Report,
): void {
  const ids = new Map<string, number>();
  pods.forEach((entry, i) => {
    const { id, url } = tree(entry);
    if (typeof id === "string") {
      const first = ids.get(id);
      if (first === undefined) ids.set(id, i);
      else {
        const message = `pods[${first}] has the id ${shown(id)} already`;
        report([...path, i, "id"], new Fault(message, "an id is a pod's identity: give each pod its own"));
      }
    }
    if (authority === undefined || typeof url !== "string") return;
    const parsed = parseUrl(url);
    if (parsed instanceof Fault || !isSelf(new URL(parsed.url), authority)) return;
    const message = `${shown(url)} is this edge itself`;
    report([...path, i, "url"], new Fault(message, "write the pod's own address: requests would go round"));
  });
}

function checkAim(path: Path, route: Tree, checkPool: CheckPool, report: Report): void {
  const { pool, split } = route;
  if ((pool === undefined) === (split === undefined)) {
    const message = pool === undefined ? "the route leads nowhere" : "the route has both a pool and a split";
    const hint = pool === undefined ? "add a pool or a split" : "leave one of the two out";
    report(path, new Fault(message, hint));
  }
  if (typeof pool === "string") checkPool([...path, "pool"], pool);
  const sides = Object.entries(tree(split));
  for (const [name] of sides) checkPool([...path, "split", name], name);
  const written = typeof split === "object" && split !== null && !Array.isArray(split);
  if (written && sides.every(([, weight]) => weight === 0)) {
    report(
      [...path, "split"],
      new Fault("no side takes new sessions", "give at least one side a weight over 0"),
    );
  }
  const names = typeof pool === "string" ? [pool] : sides.map(([name]) => name);
  list(route.overrides).forEach((entry, i) => {
    checkOverride([...path, "overrides", i], tree(entry), names, report);
  });
}

/** A rule leads to a side of its own route, or the session's token would name a pod outside its scope. */
function checkOverride(path: Path, override: Tree, sides: readonly string[], report: Report): void {
  const { header, cookie, value, pattern, pool } = override;
  if ((header === undefined) === (cookie === undefined)) {
    const message = "a rule needs either a header or a cookie";
    report(path, new Fault(message, "write { header: X-Canary, value: always, pool: NAME }"));
  }
  if (value !== undefined && pattern !== undefined) {
    report(path, new Fault("a rule has both a value and a pattern", "leave one of the two out"));
  }
  if (typeof pool === "string" && !sides.includes(pool)) {
    const message = `${shown(pool)} is not a side of this route`;
    report([...path, "pool"], new Fault(message, `write one of ${sides.slice(0, 8).join(", ")}`));
  }
}

/** The path in its normal form; undefined when it is no text, or nobody knows what kind of a path it is. */
function pathOf({ path = "/", pathType = "prefix" }: Tree): string | Fault | undefined {
  const type = PATH_TYPES.find((known) => known === pathType);
  return typeof path === "string" && type !== undefined ? readRoutePath(path, type) : undefined;
}

/** Host, rank, path and match in their normal forms; undefined when host or path is wrong. */
function placeOf(
  { host = "*", pathType = "prefix", ignoreCase, rank = 0, match }: Tree,
  path: string | Fault | undefined,
): string | undefined {
  const name = typeof host === "string" ? parseHost(host) : undefined;
  if (typeof name !== "string" || typeof path !== "string") return undefined;
  const compared = ignoreCase === true ? ["without case", foldCase(path)] : [path];
  return [name, rank, pathType, ...compared, matchKey(match)].join(" ");
}
