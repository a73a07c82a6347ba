import { foldCase } from "../config/path.ts";
import { compilePath } from "../config/route.ts";
import type { Pattern } from "../model/pattern/pattern.ts";
import type { PathType } from "../model/snapshot.ts";
import type { Conditions, Subject } from "./condition.ts";
import { normalizePath } from "./target.ts";

/** The part of a route that matching needs. */
export interface Matchable {
  readonly host: string;
  readonly path: string;
  /** A prefix unless it says otherwise. */
  readonly pathType?: PathType;
  readonly ignoreCase?: boolean;
  /** 0 unless it says otherwise. */
  readonly rank?: number;
  /** Undefined: it takes any request. */
  readonly conditions?: Conditions | undefined;
}

/** Routes that differ by what they ask for alone: those that ask for more go first. */
type Slot<R> = readonly R[];

/** The routes of one host and rank. */
export interface Paths<R> {
  readonly byPath: ReadonlyMap<string, Slot<R>>;
  readonly root: Slot<R> | undefined;
  /** Length of the longest prefix, so that long request paths are cut once. */
  readonly longest: number;
  /** What is no prefix, or has no case; undefined where there is none, which is the way of most. */
  readonly special: Special<R> | undefined;
  /** Those of the next lower rank of the host. */
  readonly lower: Paths<R> | undefined;
}

interface Special<R> {
  readonly exact: ReadonlyMap<string, Slot<R>>;
  /** The longest text first. */
  readonly patterns: readonly (readonly [Pattern, Slot<R>])[];
  /** By characters; the longest path first. */
  readonly starts: readonly Start<R>[];
  /** Undefined: every path has case. */
  readonly folded: Folded<R> | undefined;
}

interface Start<R> {
  readonly path: string;
  readonly folded: boolean;
  readonly slot: Slot<R>;
}

/** Paths in lower case. */
interface Folded<R> {
  readonly exact: ReadonlyMap<string, Slot<R>>;
  readonly byPath: ReadonlyMap<string, Slot<R>>;
  /** Length of the longest of them, so that no more of a request's path is folded. */
  readonly longest: number;
}

/** What is looked at besides the path. */
export interface Search<R> {
  /** Undefined: no conditions fit. */
  readonly subject: Subject | undefined;
  /** Where the routes are put whose path matched and whose conditions did not fit. */
  readonly passed: R[] | undefined;
}

/** @param lower those of the next lower rank */
export function pathsOf<R extends Matchable>(routes: readonly R[], lower: Paths<R> | undefined): Paths<R> {
  const of = (type: PathType, ignoring: boolean) =>
    routes.filter(
      ({ pathType = "prefix", ignoreCase = false }) => pathType === type && ignoreCase === ignoring,
    );
  const byPath = slotsOf(of("prefix", false), asIs);
  const exact = slotsOf(of("exact", false), asIs);
  const patterns = patternsOf(routes);
  const starts = [...startsOf(of("start", false), false), ...startsOf(of("start", true), true)];
  const folded = foldedOf(of("exact", true), of("prefix", true), of("start", true));
  const longest = longestOf([...byPath.keys(), ...(folded?.byPath.keys() ?? [])]);
  const isPlain = exact.size + patterns.length + starts.length === 0 && folded === undefined;
  const special = isPlain ? undefined : { exact, patterns, starts: starts.sort(longestFirst), folded };
  return { byPath, root: byPath.get("/"), longest, special, lower };
}

/** The routes of each key, which is what their paths are found by. */
function slotsOf<R extends Matchable>(routes: readonly R[], keyOf: (route: R) => string): Map<string, R[]> {
  const slots = new Map<string, R[]>();
  for (const route of routes) {
    const key = keyOf(route);
    const slot = slots.get(key);
    if (slot === undefined) slots.set(key, [route]);
    else slot.push(route);
  }
  const count = ({ conditions }: R) => conditions?.count ?? 0;
  for (const slot of slots.values()) slot.sort((a, b) => count(b) - count(a));
  return slots;
}

function startsOf<R extends Matchable>(routes: readonly R[], folded: boolean): Start<R>[] {
  const slots = slotsOf(routes, folded ? inLower : asIs);
  return [...slots].map(([path, slot]) => ({ path, folded, slot }));
}

function patternsOf<R extends Matchable>(routes: readonly R[]): (readonly [Pattern, Slot<R>])[] {
  const patterns = routes.filter(({ pathType }) => pathType === "regex" || pathType === "pattern");
  const slots = slotsOf(patterns, ({ pathType, path }) => `${pathType} ${path}`);
  return [...slots.values()]
    .sort(([a], [b]) => longestFirst(a!, b!))
    .map((slot) => [compiled(slot[0]!), slot]);
}

function foldedOf<R extends Matchable>(
  exact: readonly R[],
  prefixes: readonly R[],
  starts: readonly R[],
): Folded<R> | undefined {
  const all = [...exact, ...prefixes, ...starts];
  if (all.length === 0) return undefined;
  const longest = longestOf(all.map(({ path }) => path));
  return { exact: slotsOf(exact, inLower), byPath: slotsOf(prefixes, inLower), longest };
}

const asIs = ({ path }: Matchable): string => path;
const inLower = ({ path }: Matchable): string => foldCase(path);

function compiled({ path, pathType }: Matchable): Pattern {
  // The config was refused if it does not compile.
  return compilePath(path, pathType as "regex" | "pattern") as Pattern;
}

function longestOf(paths: readonly string[]): number {
  return paths.reduce((most, path) => Math.max(most, path.length), 0);
}

function longestFirst(a: { readonly path: string }, b: { readonly path: string }): number {
  return b.path.length - a.path.length;
}

/** The first route that takes a raw path and, where it asks for more, the request. */
export function find<R extends Matchable>(
  highest: Paths<R> | undefined,
  raw: string,
  search: Search<R> | undefined,
): R | undefined {
  for (let paths = highest; paths !== undefined; paths = paths.lower) {
    const hit =
      paths.special === undefined
        ? byPrefix(paths, raw, search)
        : bySpecial(paths, paths.special, raw, search);
    if (hit !== undefined) return hit;
  }
  return undefined;
}

function byPrefix<R extends Matchable>(
  paths: Paths<R>,
  raw: string,
  search: Search<R> | undefined,
): R | undefined {
  if (paths.longest === 1) return fitting(paths.root, search);
  const path = normalizePath(raw);
  for (let end = firstCut(path, paths.longest); end > 0; end = nextCut(path, end)) {
    const hit = fitting(paths.byPath.get(path.slice(0, end)), search);
    if (hit !== undefined) return hit;
  }
  return undefined;
}

function bySpecial<R extends Matchable>(
  paths: Paths<R>,
  { exact, patterns, starts, folded }: Special<R>,
  raw: string,
  search: Search<R> | undefined,
): R | undefined {
  const path = normalizePath(raw);
  // With one character more than is looked for, so that a longer path is not taken for its beginning.
  const lower = folded === undefined ? path : foldCase(path.slice(0, folded.longest + 1));
  const whole = fitting(exact.get(path), search) ?? fitting(folded?.exact.get(lower), search);
  if (whole !== undefined) return whole;
  for (const [pattern, slot] of patterns) {
    const hit = pattern.test(path) ? fitting(slot, search) : undefined;
    if (hit !== undefined) return hit;
  }
  let end = firstCut(path, paths.longest);
  for (const start of starts) {
    if (!(start.folded ? lower : path).startsWith(start.path)) continue;
    // Of the same length the prefix goes first.
    for (; end >= start.path.length; end = nextCut(path, end)) {
      const hit = prefixAt(paths, path, lower, end, search);
      if (hit !== undefined) return hit;
    }
    const hit = fitting(start.slot, search);
    if (hit !== undefined) return hit;
  }
  for (; end > 0; end = nextCut(path, end)) {
    const hit = prefixAt(paths, path, lower, end, search);
    if (hit !== undefined) return hit;
  }
  return undefined;
}

/** The prefix that ends at `end`, with case or else without. */
function prefixAt<R extends Matchable>(
  { byPath, special }: Paths<R>,
  path: string,
  lower: string,
  end: number,
  search: Search<R> | undefined,
): R | undefined {
  const hit = fitting(byPath.get(path.slice(0, end)), search);
  if (hit !== undefined || special?.folded === undefined) return hit;
  return fitting(special.folded.byPath.get(lower.slice(0, end)), search);
}

function fitting<R extends Matchable>(
  slot: Slot<R> | undefined,
  search: Search<R> | undefined,
): R | undefined {
  if (slot === undefined) return undefined;
  for (let i = 0; i < slot.length; i++) {
    const route = slot[i]!;
    if (route.conditions === undefined) return route;
    if (search?.subject !== undefined && route.conditions.failing(search.subject) < 0) return route;
    search?.passed?.push(route);
  }
  return undefined;
}

/** Where a path ends that is cut to whole segments and `longest`: `/a/bcd` may match `/a`, never `/a/b`. */
function firstCut(path: string, longest: number): number {
  if (path.length <= longest) return path.length;
  if (path.charCodeAt(longest) === 47) return longest;
  return path.lastIndexOf("/", longest - 1) || 1;
}

/** The same with one segment less; the root ends at 1, and 0 behind it. */
function nextCut(path: string, end: number): number {
  return end === 1 ? 0 : path.lastIndexOf("/", end - 1) || 1;
}
