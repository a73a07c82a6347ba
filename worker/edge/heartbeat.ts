import { errorText } from "../../src/events/record.ts";
import { smoothing } from "../../src/metrics/load.ts";
import type { Beat, BeatAnswer } from "../../src/model/beat.ts";
import type { Background } from "../../src/model/ports.ts";
import type { Feed } from "../../src/sessions/feed.ts";
import { log } from "../log.ts";
import type { Batches } from "./batch.ts";
import { writeCache } from "./cache.ts";
import type { Link } from "./link.ts";
import type { Views } from "./views.ts";

/** An urgent heartbeat, on a failure, at most this often. Milliseconds. */
const URGENT = 500;
/** One loop lasts at most this long: Cloudflare ends what waits for 30 s after its response. Milliseconds. */
const LOOP = 15_000;
/** What an answer may take before the next try. Milliseconds. */
const TIMEOUT = 5000;

/** A heartbeat on its way, and since when. */
interface Sending {
  readonly since: number;
  readonly done: Promise<void>;
}

/**
 * Tells the coordinator what happened and hears what is new: on a timer while requests come or wait, once more after the
 * last, at once when a pod fails.
 */
export class Heartbeat {
  readonly #link: Link;
  readonly #views: Views;
  readonly #batches: Batches;
  readonly #feed: Feed;
  readonly #busy: () => boolean;
  readonly #settle: () => Promise<unknown> | undefined;
  readonly #broken: () => boolean;
  readonly #keys: readonly string[];
  readonly #isolate = crypto.randomUUID();
  #next: number;
  #touched = false;
  /** When the running loop last showed a sign of life; 0: none runs. */
  #alive = 0;
  /** The request that it runs for. */
  #host: Background | undefined;
  /** Ends the sleep of the loop in so many milliseconds. */
  #wake: ((soon: number) => void) | undefined;
  /** A failure waits to be told. */
  #pressing = false;
  #urgent = 0;
  #sending: Sending | undefined;

  /**
   * @param busy whether requests wait for pods, whose outcome will have to be told, or anything is left to settle
   * @param settle pays what the indexes of the store owe; never rejects
   * @param broken whether the store is asked nothing now
   * @param keys ids of the keys that this edge holds, the current first
   */
  constructor(
    link: Link,
    views: Views,
    batches: Batches,
    feed: Feed,
    busy: () => boolean,
    period: number,
    settle: () => Promise<unknown> | undefined = () => undefined,
    broken: () => boolean = () => false,
    keys: readonly string[] = [],
  ) {
    this.#link = link;
    this.#views = views;
    this.#batches = batches;
    this.#feed = feed;
    this.#busy = busy;
    this.#next = period;
    this.#settle = settle;
    this.#broken = broken;
    this.#keys = keys;
  }

  /** The time between heartbeats, as the coordinator last said. Milliseconds. */
  get period(): number {
    return this.#next;
  }

  /** Called by every request, as it comes and when it was counted: costs two comparisons while a loop runs. */
  touch(now: number, background: Background): void {
    this.#touched = true;
    // A loop whose request was ended by the platform never says so: its silence does.
    if (this.#alive !== 0 && now - this.#alive < this.#next * 2 + TIMEOUT) return;
    this.#alive = now;
    this.#host = background;
    background.waitUntil(this.#loop(now));
  }

  /** All work of a request will end at once: the next one that comes runs the loop. */
  leave(background: Background): void {
    if (this.#host !== background) return;
    this.#alive = 0;
    this.#sending = undefined;
  }

  /** A pod failed: the fleet should know before the timer. @param tag when it could not be connected to */
  failed(tag: string | undefined, now: number): void {
    if (tag !== undefined) this.#batches.failed(tag);
    if (this.#pressing) return;
    this.#pressing = true;
    // One that is on its way does not tell it any more: the loop looks again before it sleeps.
    this.#wake?.(this.#urgency(now));
  }

  /** How soon an urgent heartbeat may follow the last. Milliseconds. */
  #urgency(now: number): number {
    return Math.min(URGENT, Math.max(0, this.#urgent + URGENT - now));
  }

  /** One heartbeat; those who call while it is on its way share it. Rejects when the coordinator does not answer. */
  beat(background: Background): Promise<void> {
    const now = Date.now();
    // One that outlived its time limit belongs to a request that is gone, and will never end.
    if (this.#sending === undefined || now - this.#sending.since > 2 * TIMEOUT) {
      const sending: Sending = { since: now, done: this.#send() };
      this.#sending = sending;
      const ended = () => {
        if (this.#sending === sending) this.#sending = undefined;
      };
      background.waitUntil(sending.done.then(ended, ended));
    }
    return this.#sending.done;
  }

  /** Beats until this isolate holds a revision that the coordinator is known to have. */
  async catchUp(revision: number, background: Background): Promise<void> {
    // The first may have been on its way before the write.
    for (let i = 0; i < 3 && (this.#views.current?.stamp.revision ?? 0) < revision; i++) {
      await this.beat(background);
    }
  }

  /** Beats until this isolate has heard all that the coordinator knew before this call, and its feed up to `seq`. */
  async hear(seq: number, background: Background): Promise<void> {
    // One on its way may have been answered already.
    await this.#sending?.done.catch(() => undefined);
    // The feed comes by pages: as many as a hundred for one who was away.
    for (let i = 0; i === 0 || (this.#feed.seq < seq && i < 100); i++) await this.beat(background);
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
    } while ((this.#touched || this.#busy() || this.#batches.pending) && Date.now() - start < LOOP);
    this.#alive = 0;
  }

  /** A coordinator that is down stops nothing: what could not be delivered goes with the next heartbeat. */
  async #quietly(background: Background): Promise<void> {
    try {
      await this.beat(background);
    } catch (error) {
      log("heartbeat-failed", { error: errorText(error) });
    }
    await this.#settle();
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#wake = undefined;
        resolve();
      };
      let timer = setTimeout(done, this.#pressing ? this.#urgency(Date.now()) : ms);
      this.#wake = (soon) => {
        clearTimeout(timer);
        timer = setTimeout(done, soon);
      };
    });
  }

  async #send(): Promise<void> {
    const stamp = this.#views.current?.stamp;
    const batch = this.#batches.next();
    if (this.#pressing) this.#urgent = Date.now();
    this.#pressing = false;
    const beat: Beat = {
      isolate: this.#isolate,
      incarnation: stamp?.incarnation ?? 0,
      revision: stamp?.revision ?? -1,
      feed: this.#feed.seq,
      ...batch,
      ...(this.#broken() ? { breaker: true as const } : {}),
      sent: Date.now(),
      keys: this.#keys,
      // As ages, since clocks differ.
      served: Object.fromEntries(Object.entries(batch.served).map(([tag, at]) => [tag, Date.now() - at])),
    };
    // What the answer says is as old as the question: a slow one must not make the view look younger than it is.
    const asked = Date.now();
    const answer = await timeLimit(this.#post(beat), TIMEOUT);
    // Told is told, whatever becomes of the answer.
    this.#batches.confirm(batch);
    if (stamp !== undefined && stamp.incarnation !== answer.incarnation) this.#feed.restart();
    this.#feed.hear(answer.feed.entries, answer.feed.seq, Date.now());
    await this.#views.take(answer, asked);
    const period = Math.max(500, answer.next);
    for (const pool of this.#views.current?.pools ?? []) {
      pool.hear(answer, batch.load, asked, smoothing(period));
    }
    this.#next = Math.min(5000, Math.max(500, answer.next));
    if (answer.config !== undefined) await writeCache(answer.config);
  }

  async #post(beat: Beat): Promise<BeatAnswer> {
    const body = JSON.stringify(beat);
    const headers = { "content-type": "application/json" };
    const response = await this.#link.call("/beat", { method: "POST", body, headers });
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
