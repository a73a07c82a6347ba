import type { Stratum } from "./sample.ts";
import type { Verdict } from "./verdict.ts";

/** What may become of a session. */
export type Kind = Verdict["fate"]["kind"];

/** What was seen of the sessions of one pod. */
export class Tally {
  readonly #count: number;
  readonly #hits: Record<Kind, number> = { kept: 0, moves: 0, down: 0, ends: 0 };
  #seen = 0;

  /** @param count those that there are */
  constructor(count: number) {
    this.#count = count;
  }

  take(kind: Kind): void {
    this.#hits[kind]++;
    this.#seen++;
  }

  /** For how many each one that was seen stands. */
  each(sampled: boolean): number {
    return this.#seen === 0 ? 0 : this.#total(sampled) / this.#seen;
  }

  stratum(kinds: readonly Kind[], sampled: boolean): Stratum {
    const hits = kinds.reduce((sum, kind) => sum + this.#hits[kind], 0);
    return { total: this.#total(sampled), seen: this.#seen, hits };
  }

  #total(sampled: boolean): number {
    return sampled ? Math.max(this.#count, this.#seen) : this.#seen;
  }
}
