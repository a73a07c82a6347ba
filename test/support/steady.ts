import { setTimeout as sleep } from "node:timers/promises";
import { call } from "../../tools/fleet/client.ts";

/** Between two requests at one edge. Milliseconds. */
const PAUSE = 10;

/** Requests at each edge, one after another, of which every so-manieth goes to a path of its own. */
export class Steady {
  /** Every so-manieth is `rare`; 0: none. */
  every = 0;
  sent = 0;
  readonly #usual: string;
  readonly #rare: string;
  readonly #loops: readonly Promise<void>[];
  readonly #rares: Promise<unknown>[] = [];
  #over = false;

  constructor(edges: readonly { readonly url: string }[], usual: string, rare: string) {
    this.#usual = usual;
    this.#rare = rare;
    this.#loops = edges.map(({ url }) => this.#loop(url));
  }

  /** Rejects when any request failed. */
  async stop(): Promise<void> {
    this.#over = true;
    await Promise.all([...this.#loops, ...this.#rares]);
  }

  async #loop(url: string): Promise<void> {
    // From 1: whatever came so far, no more than the share was rare.
    for (let n = 1; !this.#over; n++) {
      // Those that take their time hold up none of the others.
      if (this.every > 0 && n % this.every === 0) this.#rares.push(call(url + this.#rare));
      else await call(url + this.#usual);
      this.sent++;
      await sleep(PAUSE);
    }
  }
}
