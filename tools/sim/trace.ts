import { fnv } from "./dice.ts";

/** What happened, line by line. Its hash says whether two runs were the same; the lines are kept only when asked for. */
export class Trace {
  hash = 0x811c9dc5;
  readonly lines: string[] = [];
  readonly #keep: boolean;
  readonly #start: number;

  constructor(keep: boolean, start: number) {
    this.#keep = keep;
    this.#start = start;
  }

  say(now: number, line: string): void {
    const at = (now - this.#start) / 1000;
    const text = `${at.toFixed(4)} ${line}`;
    this.hash = fnv(text, this.hash);
    if (this.#keep) this.lines.push(text);
  }
}
