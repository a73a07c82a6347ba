import type { Hub } from "./hub.ts";
import type { Scene, Seen } from "./scene.ts";

/** The width of a column of the timeline. Milliseconds. */
export const COLUMN = 250;

/** Writes down what happens after the warm-up. */
export class Notes {
  readonly #from: number;
  readonly #to: number;
  readonly #latencies: number[] = [];
  readonly #placed: Float64Array;
  readonly #onFirst: number[];
  readonly #onAll: number[];
  #peaks = 0;
  #samples = 0;
  #truth = 0;
  #told = 0;
  #requests = 0;
  #failed = 0;
  #stale = 0;
  #waited = 0;
  #crossed = 0;

  /** @param from the end of the warm-up */
  constructor(scene: Scene, from: number) {
    this.#from = from;
    this.#to = from + scene.length;
    this.#placed = new Float64Array(scene.pods);
    const columns = Math.ceil(scene.length / COLUMN);
    this.#onFirst = new Array(columns).fill(0);
    this.#onAll = new Array(columns).fill(0);
  }

  placed(pod: number, crossed: boolean, now: number): void {
    if (now < this.#from || now >= this.#to) return;
    this.#requests++;
    this.#placed[pod] = this.#placed[pod]! + 1;
    if (crossed) this.#crossed++;
    const column = Math.floor((now - this.#from) / COLUMN);
    this.#onAll[column] = this.#onAll[column]! + 1;
    if (pod === 0) this.#onFirst[column] = this.#onFirst[column]! + 1;
  }

  ended(arrived: number, failed: boolean, now: number): void {
    if (arrived < this.#from || arrived >= this.#to) return;
    if (failed) this.#failed++;
    else this.#latencies.push(now - arrived);
  }

  waited(stale: boolean, now: number): void {
    if (now < this.#from || now >= this.#to) return;
    this.#waited++;
    if (stale) this.#stale++;
  }

  sample(inflight: Uint32Array, told: number, now: number): void {
    if (now < this.#from) return;
    let [most, all] = [0, 0];
    for (const one of inflight) {
      all += one;
      if (one > most) most = one;
    }
    this.#truth += all;
    this.#told += told;
    if (all === 0) return;
    this.#samples++;
    this.#peaks += (most * inflight.length) / all;
  }

  seen(hub: Hub): Seen {
    const latencies = Float64Array.from(this.#latencies).sort();
    const sum = latencies.reduce((total, one) => total + one, 0);
    const requests = this.#requests;
    return {
      latencies,
      mean: sum / latencies.length,
      p99: latencies[Math.floor(latencies.length * 0.99)] ?? Number.NaN,
      peak: this.#peaks / this.#samples,
      shares: this.#placed.map((one) => one / requests),
      told: this.#told / this.#truth,
      stale: this.#stale,
      waited: this.#waited,
      onFirst: this.#onFirst,
      onAll: this.#onAll,
      ejections: hub.ejections
        .filter(({ at }) => at >= this.#from)
        .map(({ at, pod }) => ({ at: at - this.#from, pod })),
      beats: hub.beats,
      requests,
      failed: this.#failed,
      crossed: this.#crossed / requests,
    };
  }
}
