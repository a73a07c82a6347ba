import type { KindName } from "../../src/events/catalog.ts";
import type { EventRecord } from "../../src/events/record.ts";
import { beatFrame, frame, notice } from "../../src/events/stream.ts";

/** An event under the id that it has for ever. */
export interface Kept {
  readonly id: number;
  readonly record: EventRecord;
}

/** Where an event stream reads: ids go up by one, over restarts too. */
export interface Ring {
  /** The ids of the oldest event that is kept and of the newest; `first` is above `last` while there is none. */
  readonly first: number;
  readonly last: number;
  /** Those behind an id, the oldest first, and how far was looked. @param kinds undefined: all */
  after(id: number, limit: number, kinds: readonly KindName[] | undefined): { events: Kept[]; upTo: number };
}

/** How many clients follow at once, and how often a stream that is silent says that it is there. Milliseconds. */
export const STREAMS = { most: 100, beat: 15_000 };
/** Events in one piece: what a client that does not read costs in memory. */
const PIECE = 200;
/** Beats after which a client that reads nothing is dropped. */
const PATIENCE = 2;

/**
 * Clients that follow the events. Each is a position in the ring and reads at its own speed, so that a slow one holds up
 * nobody and costs one piece of memory.
 */
export class EventStreams {
  readonly #ring: Ring;
  readonly #options: typeof STREAMS;
  readonly #dropped: (after: number) => void;
  readonly #followers = new Set<Follower>();

  /** @param dropped is told of a client that did not read, and how far it came */
  constructor(ring: Ring, dropped: (after: number) => void, options: typeof STREAMS = STREAMS) {
    this.#ring = ring;
    this.#dropped = dropped;
    this.#options = options;
  }

  get size(): number {
    return this.#followers.size;
  }

  /** There are new events. */
  wake(): void {
    for (const follower of this.#followers) follower.wake();
  }

  /**
   * A stream of what comes behind an id; undefined where too many follow already.
   *
   * @param after undefined: what is new from now on
   * @param kinds undefined: all
   */
  open(
    after: number | undefined,
    kinds: readonly KindName[] | undefined,
  ): ReadableStream<Uint8Array> | undefined {
    if (this.#followers.size >= this.#options.most) {
      // Who has left is noticed when it is written to, and would hold its place for two beats.
      for (const follower of this.#followers) follower.nudge();
      return undefined;
    }
    const follower = new Follower(this.#ring, after, kinds, this.#options.beat, (slow) => {
      this.#followers.delete(follower);
      if (slow) this.#dropped(follower.position);
    });
    this.#followers.add(follower);
    return follower.stream;
  }
}

const ENCODER = new TextEncoder();

class Follower {
  readonly stream: ReadableStream<Uint8Array>;
  readonly #ring: Ring;
  readonly #kinds: readonly KindName[] | undefined;
  readonly #ended: (slow: boolean) => void;
  readonly #timer: ReturnType<typeof setInterval>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  #position: number;
  /** What is sent before anything else. */
  #ahead: string;
  #wanted = false;
  #unread = 0;

  constructor(
    ring: Ring,
    after: number | undefined,
    kinds: readonly KindName[] | undefined,
    beat: number,
    ended: (slow: boolean) => void,
  ) {
    this.#ring = ring;
    this.#kinds = kinds;
    this.#ended = ended;
    this.#position = after ?? ring.last;
    this.#ahead = "retry: 2000\n: the events of the fleet\n\n";
    const { first, last } = ring;
    if (this.#position < first - 1 || this.#position > last) {
      this.#ahead += notice("gap", { after: this.#position, first, detail: GAP });
      this.#position = first - 1;
    }
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          this.#controller = controller;
        },
        pull: () => {
          this.#wanted = true;
          this.#unread = 0;
          this.wake();
        },
        cancel: () => this.#end(false),
      },
      // One piece waits to be read, and no more are made.
      { highWaterMark: 1 },
    );
    this.#timer = setInterval(() => this.#beat(), beat);
  }

  get position(): number {
    return this.#position;
  }

  /** Sends what there is, if the last piece was read. */
  wake(): void {
    if (!this.#wanted) return;
    let text = this.#ahead;
    this.#ahead = "";
    // It may have slept in one piece for longer than the ring remembers.
    const { first } = this.#ring;
    if (this.#position < first - 1) {
      text += notice("gap", { after: this.#position, first, detail: GAP });
      this.#position = first - 1;
    }
    while (text === "" && this.#position < this.#ring.last) text = this.#piece();
    if (text !== "") this.#send(text);
  }

  #piece(): string {
    const { events, upTo } = this.#ring.after(this.#position, PIECE, this.#kinds);
    this.#position = upTo;
    return events.map(({ id, record }) => frame(id, record)).join("");
  }

  #send(text: string): void {
    this.#wanted = false;
    this.#controller?.enqueue(ENCODER.encode(text));
  }

  /** Says that it is there, unless something waits to be read. */
  nudge(): void {
    if (this.#wanted) this.#send(beatFrame(this.#position));
  }

  #beat(): void {
    if (this.#wanted) this.nudge();
    else if (++this.#unread >= PATIENCE) {
      this.#controller?.enqueue(ENCODER.encode(notice("dropped", { reason: "slow", detail: DROPPED })));
      this.#controller?.close();
      this.#end(true);
    }
  }

  #end(slow: boolean): void {
    clearInterval(this.#timer);
    this.#ended(slow);
  }
}

const GAP = "What happened in between is kept no more; GET /_mooring/v1/ledger and /audit have more of it.";
const DROPPED = "Nothing was read for a while. Connect again with Last-Event-ID, and read what comes.";
