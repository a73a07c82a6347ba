import type { Pool, SlowStart } from "../model/pool.ts";
import { nextVersion, type Standing } from "../policies/policy.ts";
import { spread } from "../policies/wheel.ts";

/** How long a share holds before it is computed anew. Milliseconds. */
const STEP = 1000;
/** All of a pod's keys. */
const WARM = 0xffffffff;
/** Picks that may be turned down before a cold pod is taken after all. */
const TRIES = 8;

/** The share that a pod takes so long after its start: max(minimum, (age/window)^(1/aggression)), as in Envoy. 0..1 */
export function warmthOf({ window, aggression, minimum }: SlowStart, age: number): number {
  if (age >= window) return 1;
  return Math.max(minimum, (Math.max(0, age) / window) ** (1 / aggression));
}

/** The slow start of a pool's pods, over however they stand. */
export class Warmth {
  readonly #slowStart: SlowStart;
  /** By index; −∞ for pods that are warm. Milliseconds since the epoch. */
  readonly #since: Float64Array;
  #base: Standing | undefined;
  #warm: Standing | undefined;
  #until = 0;

  private constructor(slowStart: SlowStart, since: Float64Array) {
    this.#slowStart = slowStart;
    this.#since = since;
  }

  /**
   * @param starting how long pods have been there, by tag, as of `asked`
   * @returns undefined while all are warm
   */
  static of(
    { slowStart }: Pool,
    tags: readonly string[],
    starting: Readonly<Record<string, number>> | undefined,
    asked: number,
  ): Warmth | undefined {
    if (slowStart.window === 0 || starting === undefined) return undefined;
    const since = Float64Array.from(tags, (tag) => asked - (starting[tag] ?? Number.POSITIVE_INFINITY));
    return since.some((at) => asked - at < slowStart.window) ? new Warmth(slowStart, since) : undefined;
  }

  over(base: Standing, now: number): Standing {
    if (this.#warm !== undefined && this.#base === base && now < this.#until) return this.#warm;
    const slow = Uint32Array.from(this.#since, (at) => warmthOf(this.#slowStart, now - at) * WARM);
    this.#base = base;
    this.#until = now + STEP;
    this.#warm = slow.every((share) => share === WARM) ? base : { ...base, slow, version: nextVersion() };
    return this.#warm;
  }
}

/** Picks until a pod is as warm as its turn asks; the last is taken as it is. @param pick by a random word */
export function accept(slow: Uint32Array, word: number, pick: (word: number) => number): number {
  let index = pick(word);
  for (let turn = 1; turn <= TRIES && index >= 0; turn++) {
    if (spread(word ^ 0x51ed270b, turn) < slow[index]!) return index;
    index = pick(spread(word, turn));
  }
  return index;
}
