import type { Background } from "../../src/model/ports.ts";
import type { View } from "../../src/route/view.ts";
import { type ColdSources, coldStart } from "./cold.ts";
import type { Views } from "./views.ts";

/** A view older than this is refreshed before it decides. Milliseconds. */
const STALE = 10_000;
/** What a request waits for that at most. Milliseconds. */
const BUDGET = 150;
/** After a refresh that failed, requests do not wait again for this long. Milliseconds. */
const PAUSE = 2000;

/** Answers which view a request decides by: fresh ones at once, stale ones refreshed first, once for all who wait. */
export class Freshness {
  readonly #views: Views;
  readonly #sources: ColdSources;
  #refreshing: Promise<void> | undefined;
  #pausedUntil = 0;
  /** Requests that were decided on a view over 10 s old. */
  stale = 0;

  constructor(views: Views, sources: ColdSources) {
    this.#views = views;
    this.#sources = sources;
  }

  /** Whether a view is older than it may be, though there is a coordinator that could refresh it. */
  isStale(view: View, now: number): boolean {
    return now - view.at > STALE && this.#sources.heartbeat !== undefined;
  }

  view(now: number, background: Background): View | undefined | Promise<View | undefined> {
    const view = this.#views.current;
    this.#sources.heartbeat?.touch(now, background);
    if (view === undefined) return this.#first(background);
    if (now - view.at <= STALE || this.#sources.heartbeat === undefined) return view;
    if (now < this.#pausedUntil) {
      this.stale++;
      return view;
    }
    return this.#refreshed(now, background);
  }

  /** A cold isolate has nothing to serve by: it waits for every source in turn. */
  async #first(background: Background): Promise<View | undefined> {
    if (Date.now() < this.#pausedUntil) return this.#views.current;
    this.#refreshing ??= coldStart(this.#views, this.#sources, background).finally(() => {
      this.#refreshing = undefined;
    });
    background.waitUntil(this.#refreshing);
    await within(this.#refreshing, 4 * 600);
    if (this.#views.current === undefined) this.#pausedUntil = Date.now() + 500;
    return this.#views.current;
  }

  /** Asks at once, however young the view is; whoever waits does so at most 150 ms. */
  async refresh(background: Background): Promise<void> {
    const { heartbeat } = this.#sources;
    if (heartbeat === undefined) return;
    await within(
      heartbeat.beat(background).catch(() => undefined),
      BUDGET,
    );
  }

  async #refreshed(now: number, background: Background): Promise<View | undefined> {
    this.#refreshing ??= this.#sources
      .heartbeat!.beat(background)
      .catch(() => {
        this.#pausedUntil = Date.now() + PAUSE;
      })
      .finally(() => {
        this.#refreshing = undefined;
      });
    await within(this.#refreshing, BUDGET);
    const view = this.#views.current;
    if (view !== undefined && now - view.at > STALE) {
      this.stale++;
      this.#pausedUntil = Math.max(this.#pausedUntil, Date.now() + PAUSE);
    }
    return view;
  }
}

/** Each waiter has its own timer: the work may belong to a request that is gone. */
function within(work: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void work.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
