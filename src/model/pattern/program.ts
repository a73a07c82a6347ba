import { PatternFault } from "./fault.ts";
import type { Assertion, Node } from "./parse.ts";
import type { CodeSet } from "./set.ts";

/** One instruction of an NFA (K. Thompson, 1968); `to` and `or` are indexes of others. */
export interface Instruction {
  /** Reads one code unit of it; undefined: reads nothing. */
  readonly set?: CodeSet;
  /** Goes on only where it holds. */
  readonly what?: Assertion;
  to: number;
  /** Another way to go on. */
  readonly or?: number;
}

/** The first instruction is the end: whoever gets there has matched. */
export const MATCH = 0;
export const LARGEST = 2000;

export interface Program {
  readonly code: readonly Instruction[];
  readonly start: number;
}

/** @throws PatternFault for more than {@link LARGEST} instructions, which is what bounds the cost of a character */
export function assemble(node: Node): Program {
  const code: Instruction[] = [{ to: MATCH }];
  // Repetitions of nothing add no instructions, and yet have no end.
  let work = 0;
  const add = (instruction: Instruction): number => code.push(instruction) - 1;
  const emit = (of: Node, to: number): number => {
    if (code.length > LARGEST || ++work > 4 * LARGEST) {
      throw new PatternFault("the pattern is too large", "repeat less, or write it shorter");
    }
    switch (of.kind) {
      case "set":
        return add({ set: of.set, to });
      case "assert":
        return add({ what: of.what, to });
      case "all":
        return of.of.reduceRight((next, part) => emit(part, next), to);
      case "any":
        return of.of.map((part) => emit(part, to)).reduceRight((or, way) => add({ to: way, or }));
      case "many":
        return repeat(of.of, of.least, of.most, to);
    }
  };
  const repeat = (of: Node, least: number, most: number, to: number): number => {
    let next = to;
    let left = least;
    if (most === Infinity) {
      const loop = add({ to: MATCH, or: to });
      code[loop]!.to = emit(of, loop);
      if (least === 0) next = loop;
      else {
        next = code[loop]!.to;
        left--;
      }
    } else for (let i = least; i < most; i++) next = add({ to: emit(of, next), or: to });
    while (left-- > 0) next = emit(of, next);
    return next;
  };
  const start = emit(node, MATCH);
  if (code.length > LARGEST)
    throw new PatternFault("the pattern is too large", "repeat less, or write it shorter");
  return { code, start };
}
