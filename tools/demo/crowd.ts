import { setTimeout as wait } from "node:timers/promises";
import { Shopper, type Visit } from "./shopper.ts";

/** How the simulated shoppers behave. Times in milliseconds. */
export interface CrowdOptions {
  readonly shoppers: number;
  /** Between two requests of one shopper, at least and at most. */
  readonly pace: readonly [number, number];
  /** How long they go on after the last page has closed. */
  readonly grace: number;
}

const NAMES = ["Ada", "Ben", "Cleo", "Dan", "Eva", "Finn", "Gia", "Hugo", "Ida", "Jon", "Kim", "Leo"];
const DEFAULTS: CrowdOptions = { shoppers: NAMES.length, pace: [1000, 2000], grace: 10_000 };

/** The simulated shoppers. They shop while at least one page is open, and keep their carts and cookies in between. */
export class Crowd {
  readonly shoppers: readonly Shopper[];
  edge: "answers" | "silent" | "not asked" = "not asked";
  readonly #url: string;
  readonly #options: CrowdOptions;
  readonly #visited: (shopper: Shopper, visit: Visit) => void;
  #pages = 0;
  #closing: NodeJS.Timeout | undefined;
  #run: { readonly abort: AbortController; readonly loops: Promise<unknown> } | undefined;

  /** `visited` is called after each request, with what it told. */
  constructor(
    edge: string,
    visited: (shopper: Shopper, visit: Visit) => void,
    options: Partial<CrowdOptions> = {},
  ) {
    this.#url = edge;
    this.#options = { ...DEFAULTS, ...options };
    this.#visited = visited;
    this.shoppers = Array.from({ length: this.#options.shoppers }, (_, i) => {
      const round = Math.floor(i / NAMES.length);
      return new Shopper(NAMES[i % NAMES.length]! + (round === 0 ? "" : ` ${round + 1}`), 2 + (i % 4));
    });
  }

  get shopping(): boolean {
    return this.#run !== undefined;
  }

  /** A page was opened. */
  enter(): void {
    this.#pages += 1;
    clearTimeout(this.#closing);
    if (this.#run !== undefined) return;
    const abort = new AbortController();
    const loops = Promise.all(this.shoppers.map((shopper) => this.#shop(shopper, abort.signal)));
    this.#run = { abort, loops };
  }

  /** A page was closed. */
  leave(): void {
    this.#pages -= 1;
    if (this.#pages > 0) return;
    this.#closing = setTimeout(() => void this.stop(), this.#options.grace);
    this.#closing.unref();
  }

  /** Ends the requests under way and starts no more, until a page is opened. */
  async stop(): Promise<void> {
    clearTimeout(this.#closing);
    const run = this.#run;
    this.#run = undefined;
    run?.abort.abort();
    await run?.loops;
  }

  async #shop(shopper: Shopper, signal: AbortSignal): Promise<void> {
    const [least, most] = this.#options.pace;
    try {
      await wait(Math.random() * most, undefined, { signal });
      for (;;) {
        const visit = await shopper.visit(this.#url, signal);
        this.edge = visit.edge;
        this.#visited(shopper, visit);
        await wait(least + Math.random() * (most - least), undefined, { signal });
      }
    } catch (error) {
      // Going home is how every shopper ends; one who meets something else leaves alone, and it is said.
      if (!signal.aborted) console.error(`${shopper.name} stopped shopping: ${(error as Error).stack}`);
    }
  }
}
