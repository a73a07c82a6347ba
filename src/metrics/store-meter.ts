import type { BindingStore, Clock } from "../model/ports.ts";
import { CATALOG } from "./catalog.ts";
import type { Tally } from "./tally.ts";
import { Histogram } from "./timings.ts";

const DURATION = "mooring_store_duration_seconds";
const CALLS = ["create", "renew", "swap", "release", "index", "read", "expires", "count", "list"] as const;
type Call = (typeof CALLS)[number] | "pay";

/** Counts and times the calls to a binding store, whichever it is. */
export class StoreMeter {
  readonly #clock: Clock;
  readonly #durations = new Histogram(CATALOG[DURATION].bounds);
  readonly #calls = new Map<Call, { ok: number; failed: number }>();
  #commands = 0;
  #pending = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** So many Redis commands were sent. */
  commands(count: number): void {
    this.#commands += count;
    this.#pending = true;
  }

  /** The same store, each of whose calls is counted. */
  over(store: BindingStore): BindingStore {
    const { debts } = store;
    const metered = CALLS.map((name) => [
      name,
      (...args: unknown[]) =>
        this.#time(name, (store[name] as (...args: unknown[]) => Promise<unknown>).apply(store, args)),
    ]);
    return {
      kind: store.kind,
      ...(Object.fromEntries(metered) as Pick<BindingStore, (typeof CALLS)[number]>),
      ...(debts && {
        debts: {
          get some() {
            return debts.some;
          },
          pay: () => this.#time("pay", debts.pay()),
        },
      }),
    };
  }

  async #time<T>(name: Call, work: Promise<T>): Promise<T> {
    const asked = this.#clock.now();
    let result: "ok" | "failed" = "failed";
    try {
      const answer = await work;
      result = "ok";
      return answer;
    } finally {
      this.#durations.add(Math.max(0, this.#clock.now() - asked));
      const calls = this.#calls.get(name) ?? { ok: 0, failed: 0 };
      calls[result]++;
      this.#calls.set(name, calls);
      this.#pending = true;
    }
  }

  /** Adds what was counted to a tally, and is empty again. */
  drain(tally: Tally): void {
    if (!this.#pending) return;
    for (const [op, { ok, failed }] of this.#calls) {
      tally.add("mooring_store_calls_total", [op, "ok"], ok);
      tally.add("mooring_store_calls_total", [op, "failed"], failed);
    }
    tally.add("mooring_store_commands_total", [], this.#commands);
    this.#durations.drain(tally, DURATION, []);
    this.#calls.clear();
    this.#commands = 0;
    this.#pending = false;
  }
}
