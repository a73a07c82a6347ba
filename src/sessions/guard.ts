import type { After, Clock } from "../model/ports.ts";

/** How the edge treats a store that may be down, slow or lying. */
export interface GuardOptions {
  /** What a request waits for an answer at most. Milliseconds. */
  readonly budget: number;
  /** Failures in a row that open the breaker; calls that were under way together fail as one. */
  readonly failures: number;
  /** How long it stays open before one call may try again. Milliseconds. */
  readonly pause: number;
  /** Calls on the path of a request per second and lane, beyond which they are refused. */
  readonly rate: Readonly<Record<Lane, number>>;
}

/**
 * What a request waits for: a session that moves, one that is looked up by its key, or one that a pod has minted. Anyone can
 * look up any key: a flood of strangers must not keep what pods mint from being bound.
 */
export type Lane = "move" | "key" | "mint";

export const GUARD: GuardOptions = {
  budget: 150,
  failures: 5,
  pause: 5000,
  rate: { move: 500, key: 200, mint: 200 },
};

/** Budget, circuit breaker and rate cap before the store. Undefined means: go on without it. */
export class Guard {
  readonly #clock: Clock;
  readonly #after: After;
  readonly #options: GuardOptions;
  #failed = 0;
  #openUntil = 0;
  #failedAt = Number.NEGATIVE_INFINITY;
  /** When the last failure was counted. */
  #countedAt = Number.NEGATIVE_INFINITY;
  #second = 0;
  #spent: Record<Lane, number> = { move: 0, key: 0, mint: 0 };
  #waits = { asked: 0, late: 0 };

  constructor(clock: Clock, after: After, options: GuardOptions = GUARD) {
    this.#clock = clock;
    this.#after = after;
    this.#options = options;
  }

  /** What a request waits for an answer at most. Milliseconds. */
  get budget(): number {
    return this.#options.budget;
  }

  get open(): boolean {
    return this.#isOpen(this.#clock.now());
  }

  /** Calls that requests waited for since it was asked last, and those that were not answered within the budget. */
  takeWaits(): { readonly asked: number; readonly late: number } {
    const waits = this.#waits;
    this.#waits = { asked: 0, late: 0 };
    return waits;
  }

  /** Whether the store has failed within a pause: an answer of it that changes much had better be asked for twice. */
  get shaky(): boolean {
    return Math.abs(this.#clock.now() - this.#failedAt) <= this.#options.pause;
  }

  /** An end further away than the pause itself was set by a clock that has been put back since, and is none. */
  #isOpen(now: number): boolean {
    const left = this.#openUntil - now;
    return left > 0 && left <= this.#options.pause;
  }

  /** Runs a call that no request waits for; the answer is undefined when it failed or was not made. */
  background<T>(call: () => Promise<T>): Promise<T | undefined> {
    return this.#run(call, undefined);
  }

  /** @param budget after which an answer counts as a failure, though it is taken all the same; undefined: it never does */
  async #run<T>(call: () => Promise<T>, budget: number | undefined): Promise<T | undefined> {
    if (!this.#admit()) return undefined;
    const began = this.#clock.now();
    let late = false;
    if (budget !== undefined) this.#waits.asked++;
    const cancel =
      budget === undefined
        ? () => undefined
        : this.#after(budget, () => {
            late = true;
            this.#waits.late++;
            this.#fail(began);
          });
    try {
      const value = await call();
      if (!late) this.#succeed();
      return value;
    } catch {
      if (!late) this.#fail(began);
      return undefined;
    } finally {
      cancel();
    }
  }

  /**
   * Starts a call that requests wait for. An answer that comes after the budget counts as a failure: a store that is always
   * late must not cost each request the wait for it. The promise never rejects, and goes on after the budget: keep it under
   * waitUntil, and let each waiter have its own {@link within}.
   */
  start<T>(call: () => Promise<T>, lane: Lane = "move"): Promise<T | undefined> {
    const second = Math.floor(this.#clock.now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#spent = { move: 0, key: 0, mint: 0 };
    }
    this.#spent[lane]++;
    return this.#spent[lane] > this.#options.rate[lane]
      ? Promise.resolve(undefined)
      : this.#run(call, this.#options.budget);
  }

  /** Waits for `work` at most the budget, by a timer of this waiter alone. */
  within<T>(work: Promise<T | undefined>): Promise<T | undefined> {
    return new Promise((resolve) => {
      const cancel = this.#after(this.#options.budget, () => resolve(undefined));
      void work.then((value) => {
        cancel();
        resolve(value);
      });
    });
  }

  #admit(): boolean {
    const now = this.#clock.now();
    if (this.#isOpen(now)) return false;
    // Half open: this call tries, the others wait for another pause.
    if (this.#failed >= this.#options.failures) this.#openUntil = now + this.#options.pause;
    return true;
  }

  #succeed(): void {
    this.#failed = 0;
    this.#openUntil = 0;
  }

  /**
   * The first requests of an isolate come at once, and the store's first answers late: were each of them a failure of its own,
   * its breaker would open at once, and sessions be placed without a store that is there.
   */
  #fail(began: number): void {
    const now = this.#clock.now();
    this.#failedAt = now;
    // A clock that was put back since tells nothing.
    if (began < this.#countedAt && this.#countedAt <= now) return;
    this.#countedAt = now;
    this.#failed++;
    if (this.#failed >= this.#options.failures) this.#openUntil = now + this.#options.pause;
  }
}
