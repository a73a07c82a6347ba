import { parseRecord } from "../../src/model/beat.ts";
import type { View } from "../../src/route/view.ts";
import type { SimHeartbeat } from "./heartbeat.ts";
import type { Loop } from "./loop.ts";
import type { SimViews } from "./views.ts";

/** As in worker/edge/freshness.ts and cold.ts. Milliseconds. */
const STALE = 10_000;
export const BUDGET = 150;
const PAUSE = 2000;
const COLD = 500;

export interface FreshnessParts {
  readonly loop: Loop;
  readonly now: () => number;
  readonly alive: () => boolean;
  readonly views: SimViews;
  readonly heartbeat: SimHeartbeat;
  readonly snapshot: () => Promise<string | undefined>;
  /** The first config as a JSON text, where cold edges may begin with it. */
  readonly bundled: string | undefined;
}

/** worker/edge/freshness.ts with its cold start, in virtual time. */
export class SimFreshness {
  readonly #parts: FreshnessParts;
  #refreshing: Promise<void> | undefined;
  #pausedUntil = Number.NEGATIVE_INFINITY;

  constructor(parts: FreshnessParts) {
    this.#parts = parts;
  }

  isStale(view: View, now: number): boolean {
    return now - view.at > STALE;
  }

  view(now: number): View | undefined | Promise<View | undefined> {
    const { views, heartbeat } = this.#parts;
    heartbeat.touch();
    if (views.current === undefined) return this.#first();
    if (now - views.current.at <= STALE || now < this.#pausedUntil) return views.current;
    return this.#refreshed(now);
  }

  async #first(): Promise<View | undefined> {
    const { views, now } = this.#parts;
    if (now() < this.#pausedUntil) return views.current;
    this.#refreshing ??= this.#cold().finally(() => {
      this.#refreshing = undefined;
    });
    await this.#within(this.#refreshing, 4 * 600);
    if (views.current === undefined) this.#pausedUntil = now() + 500;
    return views.current;
  }

  async #refreshed(begun: number): Promise<View | undefined> {
    const { views, heartbeat, now } = this.#parts;
    this.#refreshing ??= heartbeat
      .beat()
      .catch(() => {
        this.#pausedUntil = now() + PAUSE;
      })
      .finally(() => {
        this.#refreshing = undefined;
      });
    await this.#within(this.#refreshing, BUDGET);
    const view = views.current;
    if (view !== undefined && begun - view.at > STALE) {
      this.#pausedUntil = Math.max(this.#pausedUntil, now() + PAUSE);
    }
    return view;
  }

  /** coordinator → the store's snapshot → the bundled config. */
  async #cold(): Promise<void> {
    const { views, heartbeat, snapshot, bundled } = this.#parts;
    if ((await this.#attempt(() => heartbeat.beat())) && views.current !== undefined) return;
    const found = await this.#attempt(async () => {
      const text = await snapshot();
      const record = text === undefined ? undefined : parseRecord(text);
      if (record !== undefined) await views.adopt(record, 0);
    });
    if ((found && views.current !== undefined) || bundled === undefined) return;
    if (views.current === undefined) {
      await views.adopt({ incarnation: 0, revision: 0, document: bundled, departed: [], salt: "" }, 0);
    }
  }

  #attempt(work: () => Promise<void>): Promise<boolean> {
    return new Promise((resolve) => {
      const cancel = this.#parts.loop.after(COLD, () => this.#parts.alive() && resolve(false));
      const end = (well: boolean) => {
        cancel();
        resolve(well);
      };
      work().then(
        () => end(true),
        () => end(false),
      );
    });
  }

  #within(work: Promise<void>, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#parts.loop.after(ms, () => this.#parts.alive() && resolve());
      void work.then(() => {
        cancel();
        resolve();
      });
    });
  }
}
