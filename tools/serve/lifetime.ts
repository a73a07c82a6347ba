type Stop = () => Promise<void> | void;

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Ending takes about a second; past this the process ends anyhow, and its exit listeners end what is left. */
const END_MS = 10_000;
const PARENT_POLL_MS = 500;

/** Thrown by {@link Lifetime.own} when the end was asked for while things were still starting. */
export class Ending extends Error {}

/**
 * Everything that one run has started, so that it can be ended in reverse order, whatever goes wrong. The end is asked
 * for by a signal, by the death of the process that started this one, or by {@link Lifetime.ask}.
 */
export class Lifetime {
  #stops: Stop[] = [];
  #asked = false;
  #ask: () => void = () => undefined;
  /** Resolves when the end is asked for. */
  readonly over: Promise<void> = new Promise((resolve) => {
    this.#ask = resolve;
  });
  readonly #onSignal = () => this.ask();

  constructor() {
    for (const signal of SIGNALS) process.on(signal, this.#onSignal);
    const parent = process.ppid;
    const watch = setInterval(() => process.ppid !== parent && this.ask(), PARENT_POLL_MS);
    watch.unref();
  }

  /** Asks for the end; more than once is the same as once, as one Ctrl-C can arrive on several ways. */
  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    setTimeout(() => process.exit(1), END_MS).unref();
    this.#ask();
  }

  /** Remembers how to stop something that has just started. Throws Ending when it is too late to start anything. */
  own<Started>(started: Started, stop: (started: Started) => Promise<void> | void): Started {
    this.#stops.push(() => stop(started));
    if (this.#asked) throw new Ending();
    return started;
  }

  /** Takes away the signal listeners that a library added: one that exits at once would cut the ending short. */
  keepSignals(): void {
    for (const signal of SIGNALS) {
      for (const listener of process.listeners(signal)) {
        if (listener !== this.#onSignal) process.off(signal, listener);
      }
    }
  }

  /** Ends everything, the last started first. Rejects with the first failure, after trying all. */
  async end(): Promise<void> {
    const failures: unknown[] = [];
    for (const stop of this.#stops.splice(0).reverse()) {
      try {
        await stop();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}
