import type { PodUse } from "../model/beat.ts";
import { Failures, type Tally, WINDOWS, wilsonLower } from "./failures.ts";

/** Fewer failures in a window than this are chance. */
const LEAST = 5;
/** Standard deviations that a rate must be sure by. */
const SURE = 3;
/** A pod whose failure rate is surely above this may go. */
const RATE = 0.3;
/** And surely above this many times that of the pool's others: what all do is not the pod's fault. */
const TIMES_OTHERS = 2;
/** The longest ejection, as Envoy's max_ejection_time. Milliseconds. */
const LONGEST = 300_000;

/** How a pool ejects. Times in milliseconds. */
export interface EjectionOptions {
  /** The first ejection lasts this long, the n-th in a row n times that. */
  readonly base: number;
  /** For each of these without another one, an ejection is forgiven. */
  readonly interval: number;
  /** The fraction of the pool's pods that may be ejected at once. */
  readonly most: number;
}

/** Whether one pod is ejected, as a value. */
export interface Ejection {
  readonly out: boolean;
  /** Ejections that are not forgiven. */
  readonly times: number;
  /** Out: when it returns. In: since when the next forgiveness counts. Milliseconds since the epoch. */
  readonly at: number;
}

export const IN: Ejection = { out: false, times: 0, at: 0 };

/** Ejects a pod that is in, for its base time × how often that was needed (Envoy). */
export function eject(before: Ejection, options: EjectionOptions, now: number): Ejection {
  if (before.out) return before;
  const times = forgiven(before, options, now) + 1;
  return { out: true, times, at: now + Math.min(options.base * times, Math.max(LONGEST, options.base)) };
}

/** Lets a pod in again whose time is over. */
export function readmit(before: Ejection, now: number): Ejection {
  return before.out && now >= before.at ? { out: false, times: before.times, at: before.at } : before;
}

function forgiven({ times, at }: Ejection, { interval }: EjectionOptions, now: number): number {
  return Math.max(0, times - Math.floor(Math.max(0, now - at) / interval));
}

/** A pod whose state flipped: only flips are logged. */
export interface EjectionFlip {
  readonly tag: string;
  readonly out: boolean;
}

interface Watched {
  /** Undefined until it is used: a pool may have ten thousand pods. */
  failures: Failures | undefined;
  state: Ejection;
  /** Since when it is in again: what is told of the time before says nothing of it. 0: it never was out. */
  back: number;
}

/** What the pods that are in answered in one window. */
type Sum = Pick<Tally, "done" | "fail">;

/**
 * Finds the pods of one pool that fail while the others do not, from what all isolates tell: one isolate alone sees too
 * little of each pod, and may itself be what is broken. In a window of 1, 3 or 10 s: at least 5 failures, told by two
 * isolates where there are two, at a rate that is surely above 0.3 and above twice the others' (lower Wilson bound, z = 3).
 */
export class Ejector {
  readonly #pods = new Map<string, Watched>();

  /** Keeps to the pods of this pool, and forgets all others. */
  follow(tags: readonly string[]): void {
    const kept = tags.map((tag) => [tag, this.#pods.get(tag) ?? watched()] as const);
    this.#pods.clear();
    for (const [tag, pod] of kept) this.#pods.set(tag, pod);
  }

  /**
   * Takes in a heartbeat, after those were let in whose time is over.
   *
   * @param isolates how many are active
   * @param since when the isolate told last: from then on its answers are counted. The same clock as `now`
   * @returns what flipped
   */
  take(
    isolate: string,
    load: Readonly<Record<string, PodUse>>,
    isolates: number,
    options: EjectionOptions,
    now: number,
    since = now,
  ): EjectionFlip[] {
    const flips = this.readmit(now);
    const suspects: (readonly [string, Watched, Failures])[] = [];
    for (const [tag, { done = 0, fail = 0 }] of Object.entries(load)) {
      const pod = this.#pods.get(tag);
      if (pod === undefined || since < pod.back || !(done > 0 || fail > 0)) continue;
      pod.failures ??= new Failures();
      pod.failures.add(isolate, Math.max(done, fail), fail, now);
      if (fail > 0 && !pod.state.out) suspects.push([tag, pod, pod.failures]);
    }
    // After all were added, so that the others' rates are of this moment too. Summed once, as all pods may fail at once.
    const sums = new Map<number, Sum>();
    let out = suspects.length > 0 ? this.#out() : 0;
    for (const [tag, pod, failures] of suspects) {
      if (out + 1 > options.most * this.#pods.size) break;
      if (!this.#failing(failures, Math.min(2, isolates), sums, now)) continue;
      pod.state = eject(pod.state, options, now);
      out++;
      flips.push({ tag, out: true });
      for (const [window, sum] of sums) subtract(sum, failures.tally(window, now));
    }
    return flips;
  }

  /** Lets those in whose time is over. What they did before does not count again. */
  readmit(now: number): EjectionFlip[] {
    const flips: EjectionFlip[] = [];
    for (const [tag, pod] of this.#pods) {
      const state = readmit(pod.state, now);
      if (state === pod.state) continue;
      pod.state = state;
      pod.failures = undefined;
      pod.back = now;
      flips.push({ tag, out: false });
    }
    return flips;
  }

  /** Lets a pod in before its time, as probes have seen it recover. Whether it was out. */
  recover(tag: string, now = 0): boolean {
    const pod = this.#pods.get(tag);
    if (pod === undefined) return false;
    const { out, times } = pod.state;
    pod.failures = undefined;
    pod.back = Math.max(pod.back, now);
    if (out) pod.state = { out: false, times, at: pod.state.at };
    return out;
  }

  ejected(tag: string): boolean {
    return this.state(tag).out;
  }

  /** How a pod stands; one that it does not know is in. */
  state(tag: string): Ejection {
    return this.#pods.get(tag)?.state ?? IN;
  }

  /** When the next pod returns; undefined: none is out. Milliseconds since the epoch. */
  next(): number | undefined {
    const times = [...this.#pods.values()].filter(({ state }) => state.out).map(({ state }) => state.at);
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  #out(): number {
    let out = 0;
    for (const { state } of this.#pods.values()) if (state.out) out++;
    return out;
  }

  #failing(failures: Failures, isolates: number, sums: Map<number, Sum>, now: number): boolean {
    return WINDOWS.some((window) => {
      const tally = failures.tally(window, now);
      if (tally.fail < LEAST || tally.isolates < isolates) return false;
      const surely = wilsonLower(tally.fail, tally.done, SURE);
      return surely > RATE && surely > TIMES_OTHERS * this.#othersRate(failures, window, sums, now);
    });
  }

  /**
   * The failure rate of the pods that are in, but one: in this window or in the longest, whichever is higher. In a second
   * few answers come, and their rate may be low by chance; what has just begun shows in that second alone.
   */
  #othersRate(but: Failures, window: number, sums: Map<number, Sum>, now: number): number {
    const rate = (over: number) => {
      const sum = sums.get(over) ?? this.#sum(over, now);
      sums.set(over, sum);
      const own = but.tally(over, now);
      return sum.done > own.done ? (sum.fail - own.fail) / (sum.done - own.done) : 0;
    };
    return Math.max(rate(window), rate(WINDOWS[2]));
  }

  /** Of the pods that are in. */
  #sum(window: number, now: number): Sum {
    const sum = { done: 0, fail: 0 };
    for (const { state, failures } of this.#pods.values()) {
      if (state.out || failures === undefined) continue;
      const { done, fail } = failures.tally(window, now);
      sum.done += done;
      sum.fail += fail;
    }
    return sum;
  }
}

function subtract(sum: Sum, { done, fail }: Sum): void {
  sum.done -= done;
  sum.fail -= fail;
}

function watched(): Watched {
  return { failures: undefined, state: IN, back: 0 };
}
