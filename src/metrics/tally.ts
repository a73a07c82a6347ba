import type { Tallies } from "../model/beat.ts";

/**
 * What is added up, by family and the values of its labels: in an isolate since its last heartbeat, at the coordinator for
 * good. Label values are a JSON list, which no value can break out of.
 */
export class Tally {
  readonly #families = new Map<string, Map<string, number>>();

  add(family: string, labels: readonly string[], value: number): void {
    if (value === 0) return;
    let of = this.#families.get(family);
    if (of === undefined) {
      of = new Map();
      this.#families.set(family, of);
    }
    const key = JSON.stringify(labels);
    of.set(key, (of.get(key) ?? 0) + value);
  }

  get pending(): boolean {
    return this.#families.size > 0;
  }

  /** What was added, and nothing again. */
  take(): Tallies {
    const taken = Object.fromEntries(
      [...this.#families].map(([family, of]) => [family, Object.fromEntries(of)]),
    );
    this.#families.clear();
    return taken;
  }
}
