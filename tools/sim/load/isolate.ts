import { Meter, Share } from "../../../src/metrics/share.ts";
import type { PodUse } from "../../../src/model/beat.ts";
import type { ZoneSplit } from "../../../src/policies/zones.ts";

/** One isolate of the edge: what it has in flight, and what it knows of the others. */
export class Isolate {
  readonly inflight: Uint32Array;
  /** The shared view, and that without the pods that this isolate suspects: it goes by the latter. */
  readonly #shared: Uint8Array;
  readonly out: Uint8Array;
  live: number;
  readonly #suspectUntil: Float64Array;
  /** Refusals with no answer between them. */
  readonly #refusals: Uint32Array;
  readonly meters: readonly Meter[];
  readonly share: Share;
  /** In-flight totals of the fleet as of the last answer, its own included: for the rules to be compared with. */
  fleet: Uint32Array | undefined;
  total = 0;
  /** Requests placed since the last heartbeat. */
  placed = 0;
  /** How zones share what arrives, as last heard. */
  split: ZoneSplit = {};
  /** The period it was told. Milliseconds. */
  next: number;
  /** Whether its timer runs or a heartbeat is on its way; heartbeats go on while requests came or are in flight. */
  beating = false;
  touched = false;
  sending = false;
  /** A failure waits to be told. */
  urgent = false;
  urgentAt = Number.NEGATIVE_INFINITY;
  /** Timers of before are void. */
  timer = 0;
  /** Requests that wait for a view younger than 10 s. */
  waiting: number[] = [];

  constructor(pods: number, period: number) {
    this.inflight = new Uint32Array(pods);
    this.#shared = new Uint8Array(pods);
    this.out = new Uint8Array(pods);
    this.#suspectUntil = new Float64Array(pods);
    this.#refusals = new Uint32Array(pods);
    this.live = pods;
    this.meters = Array.from({ length: pods }, () => new Meter());
    this.share = new Share(pods);
    this.next = period;
  }

  take(pod: number, now: number): void {
    this.meters[pod]!.pass(this.inflight[pod]!, now);
    this.inflight[pod] = this.inflight[pod]! + 1;
    this.total++;
    this.placed++;
  }

  release(pod: number, failed: boolean, now: number): void {
    const meter = this.meters[pod]!;
    meter.pass(this.inflight[pod]!, now);
    meter.answered(failed);
    if (!failed) this.#refusals[pod] = 0;
    this.inflight[pod] = this.inflight[pod]! - 1;
    this.total--;
  }

  /** What the next heartbeat tells. */
  use(tags: readonly string[], now: number): Record<string, PodUse> {
    const load: Record<string, PodUse> = {};
    for (let i = 0; i < tags.length; i++) {
      const use = this.meters[i]!.take(this.inflight[i]!, now);
      if (use !== undefined) load[tags[i]!] = use;
    }
    return load;
  }

  /** Takes in which pods are out. */
  hear(out: Uint8Array, now: number): void {
    this.#shared.set(out);
    this.stand(now);
  }

  /** A connection failed; how many did in a row. */
  refused(pod: number): number {
    this.#refusals[pod] = this.#refusals[pod]! + 1;
    return this.#refusals[pod]!;
  }

  /** A connection failed: the isolate's own new sessions avoid the pod for a while. */
  suspect(pod: number, until: number, now: number): void {
    this.#suspectUntil[pod] = until;
    this.stand(now);
  }

  /** Which pods it may choose. Suspicion must not take the last one. */
  stand(now: number): void {
    let live = 0;
    for (let i = 0; i < this.out.length; i++) {
      this.out[i] = this.#shared[i] === 1 || this.#suspectUntil[i]! > now ? 1 : 0;
      if (this.out[i] === 0) live++;
    }
    if (live === 0) {
      this.out.set(this.#shared);
      for (const out of this.#shared) if (out === 0) live++;
    }
    this.live = live;
  }
}
