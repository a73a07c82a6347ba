/** What demand is smoothed over. Milliseconds. */
const LEARN = 10_000;
/** A zone takes this much more than its part of the pool before it spills: less is noise. */
const SLACK = 1.1;

/**
 * How much of each zone's demand stays there. It goes by what arrives and what the pods can do, not by what is in flight:
 * that follows the choice, and a rule that steered by it would swing between zones as often as news of it travels.
 *
 *     keep  = min(1, 1.1 · c/d)        d, c: the zone's parts of the pool's demand and of its capacity
 *     spare = max(0, c − d)            others spill to zones in this proportion
 */
export class ZoneDemand {
  readonly #demand = new Map<string, number>();
  #at = 0;

  /** Adds the new sessions of a heartbeat, by zone of the request. */
  take(placed: Readonly<Record<string, number>>, now: number): void {
    const kept = Math.exp(-Math.max(0, now - this.#at) / LEARN);
    this.#at = now;
    for (const [zone, demand] of this.#demand) {
      // What is as good as nothing goes: clients may name any zone.
      if (demand * kept < 0.01) this.#demand.delete(zone);
      else this.#demand.set(zone, demand * kept);
    }
    for (const [zone, count] of Object.entries(placed)) {
      if (count > 0 && count < 1e7) this.#demand.set(zone, (this.#demand.get(zone) ?? 0) + count);
    }
  }

  /**
   * What isolates hear. Zones that keep all and have nothing to spare are left out.
   *
   * @param capacity of each zone that has pods: weight × worth of those that take new sessions; 0: none does
   */
  split(capacity: ReadonlyMap<string, number>): Record<string, readonly [keep: number, spare: number]> {
    const split: Record<string, readonly [number, number]> = {};
    let [all, able] = [0, 0];
    for (const zone of capacity.keys()) all += this.#demand.get(zone) ?? 0;
    for (const one of capacity.values()) able += one;
    if (all === 0 || able === 0) return split;
    for (const [zone, one] of capacity) {
      const [d, c] = [(this.#demand.get(zone) ?? 0) / all, one / able];
      const keep = d > 0 ? Math.min(1, (SLACK * c) / d) : 1;
      const spare = Math.max(0, c - d);
      if (keep < 1 || spare > 0) split[zone] = [rounded(keep), rounded(spare)];
    }
    return split;
  }
}

function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
