/**
 * Does something at times that are set beforehand, whatever becomes of what it did before: what is due while the last is still
 * under way is done right after it, with the time at which it was due. So a slow answer hides nothing of what others would
 * have waited for.
 */
export class Beat {
  readonly #act: (due: number) => Promise<void>;
  readonly #interval: () => number;
  readonly #open: number[] = [];
  #line: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  /** @param interval until the next time, in ms, drawn anew each time */
  constructor(act: (due: number) => Promise<void>, interval: () => number) {
    this.#act = act;
    this.#interval = interval;
  }

  /** @param due the first time, by performance.now() */
  start(due: number): void {
    this.#timer = setTimeout(
      () => {
        this.#open.push(due);
        this.#line = this.#line.then(() => this.#act(due)).then(() => void this.#open.shift());
        this.start(due + this.#interval());
      },
      Math.max(0, due - performance.now()),
    );
  }

  /** Nothing more becomes due. Resolves when all that was has been done; until then {@link open} tells what has not. */
  stop(): Promise<void> {
    clearTimeout(this.#timer);
    return this.#line;
  }

  /** When what was due and has not come to an end was due. */
  get open(): readonly number[] {
    return this.#open;
  }
}
