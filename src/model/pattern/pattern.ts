import { PatternFault } from "./fault.ts";
import { parse } from "./parse.ts";
import { assemble, MATCH, type Program } from "./program.ts";
import { has, WORD } from "./set.ts";

/** Characters of a pattern. */
const LONGEST = 2048;
/** States that are remembered; what needs more of them begins anew, and costs as much for each character as it has instructions. */
const STATES = 200;

/** What stands beside a place of a text. */
type Side = "edge" | "word" | "other";

/** Where the simulation may be after what it has read: a set of instructions, and what they go on with by class of character. */
interface State {
  readonly at: readonly number[];
  readonly before: Side;
  readonly next: State[];
  /** Whether it matches where the text ends. */
  ends: boolean | undefined;
}

const MATCHED: State = { at: [], before: "edge", next: [], ends: true };

export interface PatternOptions {
  /** Of ASCII letters. */
  readonly ignoreCase?: boolean;
  /** Only from the start of the text; its end is free. */
  readonly anchored?: boolean;
}

/**
 * A regular expression in linear time: all ways through it at once (K. Thompson, Regular Expression Search Algorithm, 1968),
 * which are remembered as states while they are few (R. Cox, Regular Expression Matching in the Wild, 2010). No text can make
 * it cost more than its length times the size of the program.
 */
export class Pattern {
  readonly text: string;
  /** What it has cost so far: characters, and instructions looked at. */
  steps = 0;
  readonly #program: Program;
  readonly #anchored: boolean;
  /** Where classes of characters begin that the program cannot tell apart. */
  readonly #classes: readonly number[];
  readonly #classOf = new Uint16Array(256);
  readonly #words: boolean;
  #states = new Map<string, State>();
  #first: State;
  readonly #seen: Int32Array;
  #round = 0;

  constructor(text: string, program: Program, anchored: boolean) {
    this.text = text;
    this.#program = program;
    this.#anchored = anchored;
    this.#words = program.code.some(({ what }) => what === "word" || what === "not-word");
    const sets = program.code.map(({ set = [] }) => set);
    const begins = [...sets, this.#words ? WORD : []].flatMap((set) =>
      set.flatMap(([first, last]) => [first, last + 1]),
    );
    this.#classes = [...new Set([0, ...begins])].sort((a, b) => a - b);
    for (let code = 0, at = 0; code < 256; code++) {
      if (this.#classes[at + 1] === code) at++;
      this.#classOf[code] = at;
    }
    this.#seen = new Int32Array(program.code.length);
    this.#first = this.#state([program.start], "edge");
  }

  test(text: string): boolean {
    let state = this.#first;
    for (let i = 0; i < text.length; i++) {
      this.steps++;
      const code = text.charCodeAt(i);
      const kind = code < 256 ? this.#classOf[code]! : this.#classes.findLastIndex((first) => first <= code);
      state = state.next[kind] ?? this.#move(state, kind);
      if (state === MATCHED) return true;
      if (state.at.length === 0) return false;
    }
    return this.#ends(state);
  }

  /** A text that matches, the shortest; undefined when none was found among the first thousand states. */
  example(): string | undefined {
    const queue: [State, string][] = [[this.#first, ""]];
    const seen = new Set<string>();
    for (let i = 0; i < queue.length && i < 1000; i++) {
      const [state, text] = queue[i]!;
      if (this.#ends(state)) return text;
      for (const [kind, code] of this.#samples()) {
        const next = this.#move(state, kind);
        const more = text + String.fromCharCode(code);
        if (next === MATCHED) return more;
        const key = keyOf(next.at, next.before);
        if (next.at.length === 0 || seen.has(key)) continue;
        seen.add(key);
        queue.push([next, more]);
      }
    }
    return undefined;
  }

  /** One character of each class, one of a path where there is one. */
  #samples(): Map<number, number> {
    const all = new Map<number, number>();
    const add = (kind: number, code: number) => {
      if (!all.has(kind) && code <= 0xffff) all.set(kind, code);
    };
    for (const code of [..."/a0-_.~"].map((char) => char.charCodeAt(0))) add(this.#classOf[code]!, code);
    for (const [kind, first] of this.#classes.entries()) add(kind, first);
    return all;
  }

  #state(at: readonly number[], before: Side): State {
    const key = keyOf(at, before);
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const state: State = { at, before, next: [], ends: undefined };
    if (this.#states.size >= STATES) {
      this.#states = new Map();
      this.#first = { ...this.#first, next: [] };
    }
    this.#states.set(key, state);
    return state;
  }

  #move(state: State, kind: number): State {
    const code = this.#classes[kind]!;
    const side = this.#words && has(WORD, code) ? "word" : "other";
    const ways = this.#follow(state, side);
    let next = MATCHED;
    if (ways !== undefined) {
      const at = new Set(this.#anchored ? [] : [this.#program.start]);
      for (const way of ways) {
        const { set, to } = this.#program.code[way]!;
        if (set !== undefined && has(set, code)) at.add(to);
      }
      next = this.#state(
        [...at].sort((a, b) => a - b),
        side,
      );
    }
    state.next[kind] = next;
    return next;
  }

  #ends(state: State): boolean {
    state.ends ??= this.#follow(state, "edge") === undefined;
    return state.ends;
  }

  /** The instructions that read, from a state on, before what comes `after`; undefined: it has matched. */
  #follow({ at, before }: State, after: Side): number[] | undefined {
    const { code } = this.#program;
    const round = ++this.#round;
    const stack = [...at];
    const reading: number[] = [];
    for (let index = stack.pop(); index !== undefined; index = stack.pop()) {
      this.steps++;
      if (this.#seen[index] === round) continue;
      this.#seen[index] = round;
      if (index === MATCH) return undefined;
      const { set, what, to, or } = code[index]!;
      if (set !== undefined) reading.push(index);
      else if (what === undefined || HOLDS[what](before, after)) {
        if (or !== undefined) stack.push(or);
        stack.push(to);
      }
    }
    return reading;
  }
}

const HOLDS = {
  start: (before: Side) => before === "edge",
  end: (_: Side, after: Side) => after === "edge",
  word: (before: Side, after: Side) => (before === "word") !== (after === "word"),
  "not-word": (before: Side, after: Side) => (before === "word") === (after === "word"),
};

const keyOf = (at: readonly number[], before: Side): string => `${before} ${at.join()}`;

/** Reads a pattern; a value for what cannot be had: no syntax, too large, or not in linear time. */
export function compilePattern(text: string, options: PatternOptions = {}): Pattern | PatternFault {
  const { ignoreCase = false, anchored = false } = options;
  try {
    if (text.length > LONGEST) {
      throw new PatternFault(`a pattern of ${text.length} characters`, `use at most ${LONGEST}`);
    }
    return new Pattern(text, assemble(parse(text, ignoreCase)), anchored);
  } catch (fault) {
    if (fault instanceof PatternFault) return fault;
    throw fault;
  }
}
