import { readHeaderName } from "../affinity/keyed.ts";
import { Fault, reading, shown } from "../affinity/option.ts";
import { PatternFault } from "../model/pattern/fault.ts";
import { compilePattern } from "../model/pattern/pattern.ts";
import type { Condition, Match } from "../model/snapshot.ts";
import * as z from "../model/zod.ts";
import type { Path } from "./diagnostic.ts";
import type { Report } from "./references.ts";
import { list, type Tree, tree } from "./tree.ts";

/** Methods, headers and parameters of one route, each. */
const MOST = 16;
/** Characters of a value; the Gateway API's headers have as many. */
const LONGEST = 4096;

/** A list that is not there asks for nothing; an empty one may be a mistake, and would let every request in. */
const some = <T extends z.ZodMiniType>(element: T) =>
  z._default(z.array(element).check(z.minLength(1), z.maxLength(MOST)), () => []);

const condition = (name: z.ZodMiniType<string>) =>
  z.strictObject({
    name,
    value: z.optional(z.string().check(z.maxLength(LONGEST))),
    prefix: z.optional(z.string().check(z.minLength(1), z.maxLength(LONGEST))),
    pattern: z.optional(reading(readPattern)),
    not: z._default(z.boolean(), false),
  });

/** What a route asks of a request besides host and path. What its keys say together is {@link checkMatch}'s part. */
export const match = z.strictObject({
  methods: some(reading(readMethod)),
  headers: some(condition(reading(readHeaderName))),
  query: some(condition(reading(readParameter))),
});

/** A pattern that is found anywhere in a text. */
export function readPattern(text: string): string | Fault {
  const pattern = compilePattern(text);
  return pattern instanceof PatternFault ? new Fault(pattern.message, pattern.hint) : text;
}

/** method of RFC 9110: a token, which has case; all that are registered are in upper case. */
function readMethod(text: string): string | Fault {
  if (/^[A-Z][A-Z0-9!#$%&'*+.^_`|~-]{0,31}$/.test(text)) return text;
  const upper = text.toUpperCase();
  const hint = /^[A-Z]+$/.test(upper) ? `write ${upper}` : "write GET, POST or another in upper case";
  return new Fault(`${shown(text)} is not a method`, hint);
}

/** The name of a parameter as the pod reads it, decoded: any text. */
function readParameter(text: string): string | Fault {
  if (text.length > 0 && text.length <= 256) return text;
  return new Fault(`a parameter's name of ${text.length} characters`, "write 1–256 characters");
}

/** The errors between the keys of a route's `match` and `ignoreCase`. */
export function checkMatch(path: Path, { match, ignoreCase, pathType }: Tree, report: Report): void {
  if (ignoreCase === true && (pathType === "regex" || pathType === "pattern")) {
    const hint = pathType === "regex" ? "leave it out" : 'leave it out, and begin the pattern with "(?i)"';
    const why = pathType === "regex" ? "which has no case" : "which says itself what has case";
    report([...path, "ignoreCase"], new Fault(`the path is a ${pathType}, ${why}`, hint));
  }
  if (match === undefined) return;
  const { headers, query } = tree(match);
  if (typeof match === "object" && match !== null && Object.keys(match).length === 0) {
    const hint = "leave it out: a route without it takes every request";
    report([...path, "match"], new Fault("the match asks for nothing", hint));
  }
  for (const [key, all] of Object.entries({ headers, query })) {
    list(all).forEach((entry, i) => {
      const given = ["value", "prefix", "pattern"].filter((way) => tree(entry)[way] !== undefined);
      if (given.length < 2) return;
      const message = `a condition has a ${given.join(" and a ")}`;
      const hint = "leave one of them here, and write another condition of the same name";
      report([...path, "match", key, i], new Fault(message, hint));
    });
  }
}

/** The match as requests are held against it: a host has no case. */
export function compared({ headers, ...rest }: Match): Match {
  const lower = ({ value, prefix, ...condition }: Condition): Condition => ({
    ...condition,
    value: value?.toLowerCase(),
    prefix: prefix?.toLowerCase(),
  });
  return { ...rest, headers: headers.map((one) => (one.name === "host" ? lower(one) : one)) };
}

/** The same text for a `match` that asks for the same, in whatever order and spelling; "" for none. */
export function matchKey(match: unknown): string {
  if (match === undefined) return "";
  const { methods, headers, query } = tree(match);
  const conditions = (all: unknown, fold: boolean) =>
    list(all)
      .map(tree)
      .map(({ name, value, prefix, pattern, not }) =>
        JSON.stringify([fold ? String(name).toLowerCase() : name, value, prefix, pattern, not === true]),
      );
  const sorted = (texts: readonly string[]) => [...new Set(texts)].sort();
  return JSON.stringify([
    sorted(list(methods).map(String)),
    sorted(conditions(headers, true)),
    sorted(conditions(query, false)),
  ]);
}
