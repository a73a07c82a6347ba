import type { Second } from "./timeline.ts";

const WIDTH = 30;
/** Where nobody watches, a line in so many seconds. */
const SELDOM = 10;

/** Tells how far a run is: a bar that is drawn over itself on a terminal, else a line now and then. */
export class Progress {
  readonly #seconds: number;

  /** @param seconds of the whole run */
  constructor(seconds: number) {
    this.#seconds = seconds;
  }

  /** @param words what is going on */
  show({ at, users, connections, answers, echoes, p50, p99, troubles }: Second, words: string): void {
    const part = Math.min(1, at / this.#seconds);
    const done = Math.round(WIDTH * part);
    const bar = `[${"#".repeat(done)}${"-".repeat(WIDTH - done)}] ${String(Math.round(100 * part)).padStart(3)} %`;
    const text = `${bar} ${users} users, ${connections} connections, ${answers}+${echoes}/s, p50 ${p50} p99 ${p99} ms, ${troubles} errors ${words}`;
    if (process.stderr.isTTY) process.stderr.write(`\r${text}\x1b[K`);
    else if (at % SELDOM === 0) console.log(text);
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write("\n");
  }
}
