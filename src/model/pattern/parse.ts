import { PatternFault } from "./fault.ts";
import { type CodeSet, complement, DIGIT, folded, NEWLINE, SPACE, union, WORD } from "./set.ts";

export type Assertion = "start" | "end" | "word" | "not-word";

export type Node =
  | { readonly kind: "set"; readonly set: CodeSet }
  | { readonly kind: "assert"; readonly what: Assertion }
  | { readonly kind: "all" | "any"; readonly of: readonly Node[] }
  | { readonly kind: "many"; readonly of: Node; readonly least: number; readonly most: number };

/** Groups within groups. */
const DEEPEST = 100;
/** Repetitions that are written as a number. */
const MOST = 1000;
const COUNT = /\{(\d+)(,(\d*))?\}/y;
const FLAGS = /\(\?([is]*)(?:-([is]+))?([:)])/y;
const NAME = /\(\?P?<[A-Za-z_]\w*>/y;
const HEX = /([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,4})\}/y;

const CLASSES: Readonly<Record<string, CodeSet>> = { d: DIGIT, w: WORD, s: SPACE };
const CONTROLS: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9, v: 11 };
const ASSERTIONS: Readonly<Record<string, Assertion>> = { A: "start", z: "end", b: "word", B: "not-word" };

const only = (code: number): CodeSet => [[code, code]];

/**
 * Reads the syntax that RE2 and PCRE have in common, as far as it goes in linear time.
 *
 * @throws PatternFault for everything else
 */
export function parse(text: string, ignoreCase: boolean): Node {
  const parser = new Parser(text, ignoreCase);
  return parser.whole();
}

class Parser {
  readonly #text: string;
  #at = 0;
  #depth = 0;
  #ignoreCase: boolean;
  #dotAll = false;

  constructor(text: string, ignoreCase: boolean) {
    this.#text = text;
    this.#ignoreCase = ignoreCase;
  }

  whole(): Node {
    const node = this.#alternatives();
    if (this.#at < this.#text.length) throw new PatternFault('a ")" closes no group', 'write "\\)" for it');
    return node;
  }

  #alternatives(): Node {
    const of = [this.#sequence()];
    while (this.#eat("|")) of.push(this.#sequence());
    return of.length === 1 ? of[0]! : { kind: "any", of };
  }

  #sequence(): Node {
    const of: Node[] = [];
    while (this.#at < this.#text.length && !/[|)]/.test(this.#text[this.#at]!)) {
      const atom = this.#atom();
      if (atom !== undefined) of.push(this.#repeated(atom));
    }
    return of.length === 1 ? of[0]! : { kind: "all", of };
  }

  #repeated(of: Node): Node {
    const range = this.#repetition();
    if (range === undefined) return of;
    this.#eat("?");
    if (this.#repetition() !== undefined) {
      throw new PatternFault("a repetition is repeated", "put what is repeated into a group, (?:a*)*");
    }
    const [least, most] = range;
    if (least > most)
      throw new PatternFault(`{${least},${most}} is out of order`, "write the lower number first");
    if (Math.max(least, most === Infinity ? 0 : most) > MOST) {
      throw new PatternFault("a repetition is too large", `repeat at most ${MOST} times`);
    }
    return { kind: "many", of, least, most };
  }

  /** A brace that is no count stands for itself. */
  #repetition(): [least: number, most: number] | undefined {
    if (this.#eat("*")) return [0, Infinity];
    if (this.#eat("+")) return [1, Infinity];
    if (this.#eat("?")) return [0, 1];
    const count = this.#take(COUNT);
    if (count === undefined) return undefined;
    const least = Number(count[1]);
    return [least, count[2] === undefined ? least : count[3] === "" ? Infinity : Number(count[3])];
  }

  /** Undefined for flags alone. */
  #atom(): Node | undefined {
    if (this.#text[this.#at] === "(") return this.#group();
    if (this.#repetition() !== undefined) {
      throw new PatternFault("there is nothing to repeat", 'write "\\*" for the character itself');
    }
    const char = this.#text[this.#at++]!;
    if (char === "[") return this.#set(this.#class());
    if (char === ".") return this.#set(this.#dotAll ? complement([]) : complement(NEWLINE));
    if (char === "^") return { kind: "assert", what: "start" };
    if (char === "$") return { kind: "assert", what: "end" };
    if (char !== "\\") return this.#set(only(char.charCodeAt(0)));
    const what = ASSERTIONS[this.#text[this.#at] ?? ""];
    if (what === undefined) return this.#set(this.#escape());
    this.#at++;
    return { kind: "assert", what };
  }

  #set(set: CodeSet): Node {
    return { kind: "set", set: this.#ignoreCase ? folded(set) : set };
  }

  #group(): Node | undefined {
    const before = [this.#ignoreCase, this.#dotAll] as const;
    const flags = this.#take(FLAGS);
    if (flags !== undefined) {
      for (const [list = "", on] of [[flags[1], true] as const, [flags[2], false] as const]) {
        if (list.includes("i")) this.#ignoreCase = on;
        if (list.includes("s")) this.#dotAll = on;
      }
      if (flags[3] === ")") return undefined;
    } else if (this.#take(NAME) === undefined) {
      this.#at++;
      if (this.#text[this.#at] === "?") throw this.#unknownGroup();
    }
    if (++this.#depth > DEEPEST) throw new PatternFault("groups are too deep", `nest at most ${DEEPEST}`);
    const node = this.#alternatives();
    if (!this.#eat(")")) throw new PatternFault("a group is not closed", 'add ")", or write "\\(" for it');
    this.#depth--;
    [this.#ignoreCase, this.#dotAll] = before;
    return node;
  }

  #unknownGroup(): PatternFault {
    const rest = this.#text.slice(this.#at, this.#at + 3);
    return /^\?<?[=!]/.test(rest)
      ? new PatternFault("lookaround cannot be had in linear time", "leave (?=, (?!, (?<= and (?<! out")
      : new PatternFault(`(${rest.slice(0, 2)} begins no group here`, "write (…), (?:…), (?i) or (?<name>…)");
  }

  /** After its backslash, in a class or outside of one. */
  #escape(): CodeSet {
    const char = this.#text[this.#at++];
    if (char === undefined) throw new PatternFault("the pattern ends in a backslash", 'write "\\\\" for one');
    const set = CLASSES[char.toLowerCase()];
    if (set !== undefined) return CLASSES[char] === undefined ? complement(set) : set;
    if (char in CONTROLS) return only(CONTROLS[char]!);
    const hex = char === "x" ? this.#take(HEX) : undefined;
    if (hex !== undefined) return only(Number.parseInt(hex[1] ?? hex[2]!, 16));
    if (/[1-9gk]/.test(char)) {
      throw new PatternFault(`\\${char} is a backreference, which is not linear`, "write what it stands for");
    }
    if (/[A-Za-z0-9]/.test(char)) {
      throw new PatternFault(
        `there is no escape \\${char} here`,
        "use \\d \\w \\s \\b, their capitals, or \\x41",
      );
    }
    return only(char.charCodeAt(0));
  }

  /** After its bracket. */
  #class(): CodeSet {
    const negated = this.#eat("^");
    const all: (readonly [number, number])[] = [];
    for (let first = true; first || this.#text[this.#at] !== "]"; first = false) {
      if (this.#text.startsWith("[:", this.#at)) {
        throw new PatternFault("there are no named classes here", "write their ranges, [a-z]");
      }
      const from = this.#member();
      const to = this.#text[this.#at] === "-" && this.#text[this.#at + 1] !== "]" ? this.#upTo() : undefined;
      if (to === undefined) {
        all.push(...from);
        continue;
      }
      const [[low, high], [last, end]] = [from[0]!, to[0]!];
      if (from.length > 1 || to.length > 1 || low !== high || last !== end || low > last) {
        throw new PatternFault(
          "a range of a class is not in order",
          'write [a-z], and "\\-" for a dash itself',
        );
      }
      all.push([low, last]);
    }
    this.#at++;
    const set = this.#ignoreCase ? folded(all) : union(all);
    return negated ? complement(set) : set;
  }

  #upTo(): CodeSet {
    this.#at++;
    return this.#member();
  }

  #member(): CodeSet {
    const char = this.#text[this.#at++];
    if (char === undefined) throw new PatternFault("a class is not closed", 'add "]", or write "\\[" for it');
    if (char !== "\\") return only(char.charCodeAt(0));
    // A backspace, in a class.
    return this.#eat("b") ? only(8) : this.#escape();
  }

  #eat(char: string): boolean {
    if (this.#text[this.#at] !== char) return false;
    this.#at++;
    return true;
  }

  #take(what: RegExp): RegExpExecArray | undefined {
    what.lastIndex = this.#at;
    const found = what.exec(this.#text) ?? undefined;
    if (found !== undefined) this.#at += found[0].length;
    return found;
  }
}
