import type { Counters } from "../../src/metrics/counters.ts";
import type { Beat, BeatAnswer, Break } from "../../src/model/beat.ts";
import type { Background } from "../../src/model/ports.ts";
import type { Feed } from "../../src/sessions/feed.ts";
import type { Link } from "./link.ts";
import type { Views } from "./views.ts";

/** An urgent heartbeat, on a failure, at most this often. Milliseconds. */
const URGENT = 500;
/** One loop lasts at most this long: Cloudflare ends what waits for 30 s after its response. Milliseconds. */
const LOOP = 20_000;
/** What an answer may take before the next try. Milliseconds. */
const TIMEOUT = 5000;

/** What a heartbeat carries up. */
export interface Cargo {
  readonly counters: Counters;
  readonly breaks: Break[];
  readonly feed: Feed;
}

/**
 * Tells the coordinator what happened and hears what is new: on a timer while requests come, once more after the last,
 * at once when a pod fails.
 */
export class Heartbeat {
  readonly #link: Link;
  readonly #views: Views;
  readonly #cargo: Cargo;
  readonly #isolate = crypto.randomUUID();
  readonly #failed = new Set<string>();
  #next: number;
  #touched = false;
  /** When the running loop last showed a sign of life; 0: none runs. */
  #alive = 0;
  #wake: (() => void) | undefined;
  #urgent = 0;
  #beating: Promise<void> | undefined;

  constructor(link: Link, views: Views, cargo: Cargo, period: number) {
    this.#link = link;
    this.#views = views;
    this.#cargo = cargo;
    this.#next = period;
  }

  /** Milliseconds between heartbeats, as the coordinator wants them. */
  get period(): number {
    return this.#next;
  }

  /** Called by every request: costs two comparisons while a loop runs. */
  touch(now: number, background: Background): void {
    this.#touched = true;
    // A loop whose request was ended by the platform never says so: its silence does.
    if (this.#alive !== 0 && now - this.#alive < 3 * this.#next + TIMEOUT) return;
    this.#alive = now;
    background.waitUntil(this.#loop(now));
  }

  /** A pod failed: the fleet should know before the timer. */
  failed(tag: string, now: number): void {
    this.#failed.add(tag);
    if (now - this.#urgent < URGENT) return;
    this.#urgent = now;
    this.#wake?.();
  }

  /** One heartbeat; those who call while it is on its way share it. Rejects when the coordinator does not answer. */
  beat(background: Background): Promise<void> {
    if (this.#beating === undefined) {
      this.#beating = this.#send().finally(() => {
        this.#beating = undefined;
      });
      background.waitUntil(this.#beating.catch(() => undefined));
    }
    return this.#beating;
  }

  async #loop(start: number): Promise<void> {
    const background: Background = { waitUntil: () => undefined };
    const age = start - (this.#views.current?.at ?? 0);
    if (age > this.#next) await this.#quietly(background);
    do {
      this.#touched = false;
      await this.#sleep(this.#next * (0.8 + 0.4 * Math.random()));
      this.#alive = Date.now();
      await this.#quietly(background);
      this.#alive = Date.now();
    } while (this.#touched && Date.now() - start < LOOP);
    this.#alive = 0;
  }

  /** A coordinator that is down stops nothing: what could not be delivered goes with the next heartbeat. */
  async #quietly(background: Background): Promise<void> {
    try {
      await this.beat(background);
    } catch (error) {
      console.warn(`heartbeat failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.#wake = done;
    });
  }

  async #send(): Promise<void> {
    const { counters, breaks, feed } = this.#cargo;
    const counts = counters.take();
    const gone = breaks.splice(0);
    const failed = [...this.#failed];
    this.#failed.clear();
    try {
      const stamp = this.#views.current?.stamp;
      const beat: Beat = {
        isolate: this.#isolate,
        incarnation: stamp?.incarnation ?? 0,
        revision: stamp?.revision ?? -1,
        feed: feed.seq,
        counts,
        breaks: gone,
        failed,
      };
      const answer = await this.#post(beat);
      feed.hear(answer.feed.entries, answer.feed.seq, Date.now());
      await this.#views.take(answer, Date.now());
      this.#next = Math.min(5000, Math.max(500, answer.next));
    } catch (error) {
      counters.restore(counts);
      breaks.unshift(...gone);
      for (const tag of failed) this.#failed.add(tag);
      throw error;
    }
  }

  async #post(beat: Beat): Promise<BeatAnswer> {
    const body = JSON.stringify(beat);
    const headers = { "content-type": "application/json" };
    const sent = this.#link.call("/beat", { method: "POST", body, headers });
    const response = await timeLimit(sent, TIMEOUT);
    if (!response.ok) throw new Error(`the coordinator answered ${response.status}`);
    return (await response.json()) as BeatAnswer;
  }
}

function timeLimit<T>(work: Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer in ${ms} ms`)), ms);
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}
