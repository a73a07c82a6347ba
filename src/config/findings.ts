import { Fault } from "../affinity/option.ts";
import { type Diagnostic, diagnostic, MAX_ERRORS } from "./diagnostic.ts";

/** Stands for each error past those that are shown: only their number is told. */
const UNSHOWN: Diagnostic = { path: "", message: "not shown", hint: "mend the others first" };

/**
 * The errors of one text, each with the line and column where it was found. Cheap when they are added in the order of
 * the text, however many they are.
 */
export class Findings {
  readonly errors: Diagnostic[] = [];
  readonly #text: string;
  readonly #added: ReadonlySet<number>;
  #offset = 0;
  #line = 1;
  #lineStart = 0;

  /** @param added lines that begin with a blank that is not counted, by the offsets where they begin */
  constructor(text: string, added: ReadonlySet<number> = new Set()) {
    this.#text = text;
    this.#added = added;
    this.#rewind();
  }

  /** @param offset UTF-16 units from the text's beginning */
  add(offset: number, { message, hint }: Fault): void {
    const shown = this.errors.length < MAX_ERRORS;
    this.errors.push(shown ? diagnostic([], new Fault(`${this.#place(offset)}: ${message}`, hint)) : UNSHOWN);
  }

  #place(offset: number): string {
    if (offset < this.#offset) this.#rewind();
    while (this.#offset < offset) {
      const unit = this.#text.charCodeAt(this.#offset++);
      const ends = unit === LF || (unit === CR && this.#text.charCodeAt(this.#offset) !== LF);
      if (!ends) continue;
      this.#line++;
      this.#lineStart = this.#offset;
    }
    const column = offset - this.#lineStart + (this.#added.has(this.#lineStart) ? 0 : 1);
    return `line ${this.#line}, column ${column}`;
  }

  /** To the beginning, where a byte order mark takes no column. */
  #rewind(): void {
    this.#offset = this.#text.startsWith("\ufeff") ? 1 : 0;
    this.#line = 1;
    this.#lineStart = this.#offset;
  }
}

const LF = 0x0a;
const CR = 0x0d;
