import type { Histogram } from "hdr-histogram-js";
import { encodeIntoCompressedBase64 } from "hdr-histogram-js";
import type { Trouble } from "../fleet/breaks/journal.ts";
import { latencies, record } from "./histogram.ts";
import type { Change, Interruption, Tick } from "./messages.ts";

/** What the users of one process saw, second by second. */
export class Recorder {
  readonly #latency: Histogram = latencies();
  readonly #echo: Histogram = latencies();
  #answers = 0;
  #echoes = 0;
  #events = 0;
  #troubles: Trouble[] = [];
  #changes: Change[] = [];
  #interruptions: Interruption[] = [];
  #robbed: string[] = [];

  /** @param ms from when it was due */
  answered(ms: number): void {
    this.#answers++;
    record(this.#latency, ms);
  }

  /** No answer, or none that was wanted: whoever waited for it waited all the same. @param ms from when it was due */
  failed(ms: number): void {
    record(this.#latency, ms);
  }

  /** @param ms from when the message was due */
  echoed(ms: number): void {
    this.#echoes++;
    record(this.#echo, ms);
  }

  event(): void {
    this.#events++;
  }

  trouble(trouble: Trouble): void {
    this.#troubles.push(trouble);
  }

  change(change: Change): void {
    this.#changes.push(change);
  }

  interrupted(interruption: Interruption): void {
    this.#interruptions.push(interruption);
  }

  robbed(text: string): void {
    this.#robbed.push(text);
  }

  /** Everything since the last time. */
  take(users: number, connections: number): Tick {
    const tick = {
      users,
      connections,
      answers: this.#answers,
      echoes: this.#echoes,
      events: this.#events,
      latency: encodeIntoCompressedBase64(this.#latency),
      echo: encodeIntoCompressedBase64(this.#echo),
      troubles: this.#troubles,
      changes: this.#changes,
      interruptions: this.#interruptions,
      robbed: this.#robbed,
    };
    this.#latency.reset();
    this.#echo.reset();
    [this.#answers, this.#echoes, this.#events] = [0, 0, 0];
    [this.#troubles, this.#changes, this.#interruptions, this.#robbed] = [[], [], [], []];
    return tick;
  }
}
