import type { Dice } from "./dice.ts";
import type { Loop } from "./loop.ts";

/** How a cut link fails: at once, or by silence. */
export type Cut = "refuse" | "drop";

/** How messages travel where nothing is cut. */
export interface Quality {
  /** Shortest and usual longest way of a message; one in ten takes up to five times as long. Milliseconds. */
  readonly delay: readonly [number, number];
  /** Probability that a message is lost, and that it arrives twice (calls only: TCP repeats nothing by itself). */
  readonly loss: number;
  readonly twice: number;
}

/** What a caller whose message or answer was lost waits before it gives up. Milliseconds. */
const GIVE_UP = 1000;

/** Every link of a world: delay, reordering, loss, repetition and partitions. */
export class Net {
  quality: Quality;
  readonly #loop: Loop;
  readonly #dice: Dice;
  readonly #cuts = new Map<string, Cut>();

  constructor(loop: Loop, dice: Dice, quality: Quality) {
    this.#loop = loop;
    this.#dice = dice;
    this.quality = quality;
  }

  cut(a: string, b: string, how: Cut): void {
    this.#cuts.set(link(a, b), how);
  }

  heal(a: string, b: string): void {
    this.#cuts.delete(link(a, b));
  }

  healAll(): void {
    this.#cuts.clear();
  }

  isCut(a: string, b: string): boolean {
    return this.#cuts.has(link(a, b));
  }

  /** Milliseconds of one way. */
  delay(): number {
    const [low, high] = this.quality.delay;
    const usual = this.#dice.between(low, high);
    return this.#dice.odds(0.1) ? usual * this.#dice.between(1, 5) : usual;
  }

  /** Sends one message: `deliver` after its way, or `lost` with how it was lost (after its way for a refusal). */
  send(a: string, b: string, deliver: () => void, lost: (how: Cut) => void): void {
    const cut = this.#cuts.get(link(a, b)) ?? (this.#dice.odds(this.quality.loss) ? "drop" : undefined);
    if (cut === undefined) this.#loop.after(this.delay(), deliver);
    else if (cut === "refuse") this.#loop.after(this.delay(), () => lost(cut));
    else lost(cut);
  }

  /**
   * A call and its answer. Rejects when either is lost, when `serve` throws, or after `limit`. Nothing comes back to a
   * caller that has died meanwhile.
   */
  call<T>(
    a: string,
    b: string,
    alive: () => boolean,
    serve: () => T | Promise<T>,
    limit = GIVE_UP,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#loop.after(limit, () => {
        if (alive()) reject(new Error(`${b} did not answer ${a} in ${limit} ms`));
      });
      const end = (finish: () => void) => {
        cancel();
        if (alive()) finish();
      };
      const refused = (how: Cut) => {
        if (how === "refuse") end(() => reject(new Error(`${b} refused ${a}`)));
      };
      const arrive = async () => {
        let answer: () => void;
        try {
          const value = await serve();
          answer = () => end(() => resolve(value));
        } catch (error) {
          answer = () => end(() => reject(error as Error));
        }
        this.send(b, a, answer, refused);
      };
      this.send(a, b, arrive, refused);
      if (this.#dice.odds(this.quality.twice)) {
        // The repetition does its work, too; whoever comes first answers.
        this.send(a, b, arrive, () => undefined);
      }
    });
  }
}

function link(a: string, b: string): string {
  return a < b ? `${a}|${b}` : `${b}|${a}`;
}
