import { compilePattern, type Pattern } from "../model/pattern/pattern.ts";
import type { Condition, Match } from "../model/snapshot.ts";

/** What of a request conditions are held against. */
export interface Asking {
  readonly method: string;
  /** Absolute, as the client has it. */
  readonly url: string;
  readonly headers: Pick<Headers, "get">;
}

/** A request as conditions read it: nothing before it is asked for, and the query once. */
export class Subject {
  readonly #host: string;
  readonly #request: Asking;
  #query: URLSearchParams | undefined;

  /** @param host lower case, without port */
  constructor(host: string, request: Asking) {
    this.#host = host.endsWith(".") ? host.slice(0, -1) : host;
    this.#request = request;
  }

  get method(): string {
    return this.#request.method;
  }

  /** Those of one name joined by ", " as everywhere; undefined: there is none. */
  header(name: string): string | undefined {
    return name === "host" ? this.#host : this.#request.headers.get(name)?.trim();
  }

  /** The first of that name, decoded as forms are: `+` is a blank. */
  parameter(name: string): string | undefined {
    if (this.#query === undefined) {
      const { url } = this.#request;
      const at = url.indexOf("?");
      this.#query = new URLSearchParams(at < 0 ? "" : url.slice(at));
    }
    return this.#query.get(name) ?? undefined;
  }
}

/** What a route asks of a request, ready to be asked. */
export interface Conditions {
  readonly match: Match;
  /** How many there are; all methods are one. */
  readonly count: number;
  /** The words of each. */
  readonly words: readonly string[];
  /** Index of the first that does not fit; -1: all do. */
  failing(subject: Subject): number;
}

export function conditionsOf(match: Match): Conditions {
  const { methods, headers, query } = match;
  const all = [
    ...headers.map((one) => fitter(one, headerIn)),
    ...query.map((one) => fitter(one, parameterIn)),
  ];
  if (methods.length > 0) all.unshift((subject) => methods.includes(subject.method));
  return {
    match,
    count: all.length,
    words: wordsOf(match),
    failing(subject) {
      for (let i = 0; i < all.length; i++) if (!all[i]!(subject)) return i;
      return -1;
    },
  };
}

type Fits = (subject: Subject) => boolean;
type Read = (subject: Subject, name: string) => string | undefined;

const headerIn: Read = (subject, name) => subject.header(name);
const parameterIn: Read = (subject, name) => subject.parameter(name);

function fitter(condition: Condition, read: Read): Fits {
  const { name, not } = condition;
  const is = textFits(condition);
  return (subject) => {
    const text = read(subject, name);
    return (text !== undefined && is(text)) !== not;
  };
}

function textFits({ value, prefix, pattern }: Condition): (text: string) => boolean {
  if (value !== undefined) return (text) => text === value;
  if (prefix !== undefined) return (text) => text.startsWith(prefix);
  if (pattern === undefined) return () => true;
  // The config was refused if it does not compile.
  const compiled = compilePattern(pattern) as Pattern;
  return (text) => compiled.test(text);
}

/** `method GET|HEAD`, `header x-user=alice`, `header host^=shop.`, `not query beta~^1`, in the order in which they are asked. */
export function wordsOf({ methods, headers, query }: Match): string[] {
  const words = (kind: string, { name, value, prefix, pattern, not }: Condition) => {
    const text =
      value !== undefined
        ? `=${value}`
        : prefix !== undefined
          ? `^=${prefix}`
          : pattern === undefined
            ? ""
            : `~${pattern}`;
    return `${not ? "not " : ""}${kind} ${name}${text}`;
  };
  return [
    ...(methods.length > 0 ? [`method ${methods.join("|")}`] : []),
    ...headers.map((one) => words("header", one)),
    ...query.map((one) => words("query", one)),
  ];
}
