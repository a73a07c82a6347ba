import type { Counters } from "../../src/metrics/counters.ts";
import { smoothing } from "../../src/metrics/load.ts";
import type { Beat, Break, PodUse } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Feed } from "../../src/sessions/feed.ts";
import type { Told } from "./coordinator.ts";
import type { Dice } from "./dice.ts";
import type { Loop } from "./loop.ts";
import type { SimViews } from "./views.ts";

/** As in worker/edge/heartbeat.ts. Milliseconds. */
const URGENT = 500;
const LOOP = 15_000;
export const TIMEOUT = 5000;
const MAX_BREAKS = 2000;

type Batch = Pick<Beat, "batch" | "counts" | "breaks" | "failed"> & {
  readonly served: Readonly<Record<string, number>>;
  readonly load: Readonly<Record<string, PodUse>>;
};

export interface HeartbeatParts {
  readonly loop: Loop;
  /** The edge's own clock. */
  readonly now: () => number;
  readonly alive: () => boolean;
  readonly dice: Dice;
  readonly post: (beat: Beat) => Promise<Told>;
  readonly isolate: string;
  readonly views: SimViews;
  readonly feed: Feed;
  readonly counters: Counters;
  readonly breaks: Break[];
  /** Whether requests wait for pods. */
  readonly busy: () => boolean;
  readonly period: number;
}

/** worker/edge/heartbeat.ts and batch.ts in virtual time: when an edge beats, what it packs, and what it makes of answers. */
export class SimHeartbeat {
  readonly #parts: HeartbeatParts;
  #next: number;
  #touched = false;
  #running = false;
  #wake: ((soon: number) => void) | undefined;
  #pressing = false;
  #urgent = Number.NEGATIVE_INFINITY;
  #sending: Promise<void> | undefined;
  readonly #failed = new Set<string>();
  #open: Batch | undefined;
  #sent = 0;

  constructor(parts: HeartbeatParts) {
    this.#parts = parts;
    this.#next = parts.period;
  }

  /** The time between heartbeats, as the coordinator last said. Milliseconds. */
  get period(): number {
    return this.#next;
  }

  touch(): void {
    this.#touched = true;
    if (this.#running) return;
    this.#running = true;
    void this.#loop();
  }

  failed(tag: string | undefined): void {
    if (tag !== undefined) this.#failed.add(tag);
    if (this.#pressing) return;
    this.#pressing = true;
    this.#wake?.(this.#urgency());
  }

  #urgency(): number {
    return Math.min(URGENT, Math.max(0, this.#urgent + URGENT - this.#parts.now()));
  }

  /** Rejects when the coordinator does not answer. */
  beat(): Promise<void> {
    this.#sending ??= this.#send().finally(() => {
      this.#sending = undefined;
    });
    return this.#sending;
  }

  /** Beats until this edge holds a revision that the coordinator is known to have. */
  async catchUp(revision: number): Promise<void> {
    for (let i = 0; i < 3 && (this.#parts.views.current?.stamp.revision ?? 0) < revision; i++)
      await this.beat();
  }

  /** Whether anything waits to be told. */
  get pending(): boolean {
    const { counters, breaks } = this.#parts;
    return this.#open !== undefined || counters.pending || breaks.length > 0 || this.#failed.size > 0;
  }

  async #loop(): Promise<void> {
    const { loop, now, views, dice, busy } = this.#parts;
    const begun = loop.now;
    if (now() - (views.current?.at ?? 0) > this.#next) await this.#quietly();
    do {
      this.#touched = false;
      await this.#sleep(this.#next * dice.between(0.8, 1.2));
      await this.#quietly();
    } while ((this.#touched || busy() || this.pending) && loop.now - begun < LOOP);
    this.#running = false;
  }

  async #quietly(): Promise<void> {
    try {
      await this.beat();
    } catch {
      // A coordinator that is down stops nothing: what could not be told goes with the next heartbeat.
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        cancel();
        this.#wake = undefined;
        if (this.#parts.alive()) resolve();
      };
      let cancel = this.#parts.loop.after(this.#pressing ? this.#urgency() : ms, done);
      this.#wake = (soon) => {
        cancel();
        cancel = this.#parts.loop.after(soon, done);
      };
    });
  }

  async #send(): Promise<void> {
    const { views, feed, isolate, now, post } = this.#parts;
    const stamp = views.current?.stamp;
    const batch = this.#pack();
    if (this.#pressing) this.#urgent = now();
    this.#pressing = false;
    const served = Object.fromEntries(Object.entries(batch.served).map(([tag, at]) => [tag, now() - at]));
    const held = { incarnation: stamp?.incarnation ?? 0, revision: stamp?.revision ?? -1, feed: feed.seq };
    // What the answer says is as old as the question at most.
    const asked = now();
    const answer = await post({ isolate, ...held, ...batch, served });
    if (this.#open === batch) this.#open = undefined;
    if (stamp !== undefined && stamp.incarnation !== answer.incarnation) feed.restart();
    feed.hear(answer.feed.entries, answer.feed.seq, now());
    await views.take(answer, asked);
    const tau = smoothing(Math.max(500, answer.next));
    for (const pool of views.current?.pools ?? []) pool.hear(answer, batch.load, asked, tau);
    this.#next = Math.min(5000, Math.max(500, answer.next));
  }

  #pack(): Batch {
    if (this.#open !== undefined) return this.#open;
    const { counters, breaks } = this.#parts;
    this.#open = {
      batch: ++this.#sent,
      counts: counters.take(),
      breaks: breaks.splice(0, MAX_BREAKS),
      failed: [...this.#failed],
      served: this.#served(),
      load: this.#load(),
    };
    this.#failed.clear();
    return this.#open;
  }

  #load(): Record<string, PodUse> {
    const use: Record<string, PodUse> = {};
    for (const pool of this.#parts.views.current?.pools ?? []) pool.tell(use, this.#parts.now());
    return use;
  }

  #served(): Record<string, number> {
    const served: Record<string, number> = {};
    for (const pool of this.#parts.views.current?.pools ?? []) {
      if (pool.pool.readiness === undefined && pool.pool.startup === undefined) continue;
      for (const pod of pool.pods) {
        if (pod.served > 0) served[tagToHex(pod.pod.tag)] = pod.served;
        pod.served = 0;
      }
    }
    return served;
  }
}
