import { EVENTS, type RequestCount } from "../model/beat.ts";
import { OUTCOMES } from "../model/decision.ts";
import { Timings } from "./timings.ts";

const STATUSES = 512;
const ROWS = [...OUTCOMES, ...EVENTS];
type Row = RequestCount["outcome"];
const ORDER = Object.fromEntries(ROWS.map((row, i) => [row, i])) as Record<Row, number>;

/** Requests by pool, outcome and status, and events by pool: typed arrays, so that counting on the hot path allocates nothing. */
export class Counters {
  /** How long they took. */
  readonly timings = new Timings();
  readonly #pools = new Map<string, Uint32Array>();
  #pending = false;

  get pending(): boolean {
    return this.#pending;
  }

  /** @param pool the pool's name, or `""` for requests that matched no route */
  count(pool: string, outcome: Row, status = 100): void {
    let cells = this.#pools.get(pool);
    if (cells === undefined) {
      cells = new Uint32Array(ROWS.length * STATUSES);
      this.#pools.set(pool, cells);
    }
    const code = status >= 100 && status < 100 + STATUSES ? status - 100 : 0;
    const cell = ORDER[outcome] * STATUSES + code;
    cells[cell] = cells[cell]! + 1;
    this.#pending = true;
  }

  /** What was counted, and zero again. */
  take(): RequestCount[] {
    const counts: RequestCount[] = [];
    if (!this.#pending) return counts;
    for (const [pool, cells] of this.#pools) {
      for (let i = 0; i < cells.length; i++) {
        if (cells[i] === 0) continue;
        const outcome = ROWS[Math.floor(i / STATUSES)]!;
        counts.push({ pool, outcome, code: (i % STATUSES) + 100, count: cells[i]! });
      }
      cells.fill(0);
    }
    this.#pending = false;
    return counts;
  }

  /** Puts back what a failed heartbeat could not deliver. */
  restore(counts: readonly RequestCount[]): void {
    for (const { pool, outcome, code, count } of counts) {
      let cells = this.#pools.get(pool);
      if (cells === undefined) {
        cells = new Uint32Array(ROWS.length * STATUSES);
        this.#pools.set(pool, cells);
      }
      const cell = ORDER[outcome] * STATUSES + code - 100;
      cells[cell] = cells[cell]! + count;
      this.#pending = true;
    }
  }
}
