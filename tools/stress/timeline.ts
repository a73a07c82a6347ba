import type { Histogram } from "hdr-histogram-js";
import { add, latencies, percentile } from "./histogram.ts";
import type { Tick } from "./messages.ts";

/** What all users saw in one second, and what the processes held then. */
export interface Second {
  /** Since the beginning of the run. */
  readonly at: number;
  /** Index of its stage; undefined while users come, and between stages. */
  readonly stage: number | undefined;
  readonly users: number;
  readonly connections: number;
  readonly answers: number;
  readonly echoes: number;
  readonly events: number;
  readonly troubles: number;
  readonly changes: number;
  readonly interruptions: number;
  /** ms, from when it was due; 0 where nothing was answered. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
  /** MiB by process. */
  readonly memory: Readonly<Record<string, number>>;
}

/** All figures of one stage. */
export interface StageFigures {
  readonly latency: Histogram;
  readonly echo: Histogram;
  answers: number;
  echoes: number;
}

/** Puts together what several processes tell, second by second. */
export class Timeline {
  readonly seconds: Second[] = [];
  readonly stages = new Map<number, StageFigures>();
  #ticks = new Map<number, Tick[]>();

  /** @param load which of the processes tells it */
  take(load: number, tick: Tick): void {
    this.#ticks.set(load, [...(this.#ticks.get(load) ?? []), tick]);
  }

  /** A second has passed: what was told since the last one belongs to it. */
  second(at: number, stage: number | undefined, memory: Readonly<Record<string, number>>): Second {
    const ticks = [...this.#ticks.values()].flat();
    // What a process is late to tell must not make its users seem to be gone.
    const last = [...this.#ticks.values()].flatMap((own) => own.slice(-1));
    const before = this.seconds.at(-1);
    this.#ticks = new Map();
    const sum = (of: (tick: Tick) => number, all = ticks) => all.reduce((total, tick) => total + of(tick), 0);
    const own = latencies();
    for (const tick of ticks) add(own, tick.latency);
    const second: Second = {
      at,
      stage,
      users: Math.max(
        sum((tick) => tick.users, last),
        before?.users ?? 0,
      ),
      connections: last.length === 0 ? (before?.connections ?? 0) : sum((tick) => tick.connections, last),
      answers: sum((tick) => tick.answers),
      echoes: sum((tick) => tick.echoes),
      events: sum((tick) => tick.events),
      troubles: sum((tick) => tick.troubles.length),
      changes: sum((tick) => tick.changes.length),
      interruptions: sum((tick) => tick.interruptions.length),
      p50: percentile(own, 50),
      p99: percentile(own, 99),
      max: percentile(own, 100),
      memory,
    };
    this.seconds.push(second);
    if (stage !== undefined) this.#addTo(stage, own, ticks, second);
    return second;
  }

  #addTo(stage: number, latency: Histogram, ticks: readonly Tick[], { answers, echoes }: Second): void {
    const known = this.stages.get(stage);
    const figures = known ?? { latency: latencies(), echo: latencies(), answers: 0, echoes: 0 };
    this.stages.set(stage, figures);
    figures.latency.add(latency);
    for (const tick of ticks) add(figures.echo, tick.echo);
    figures.answers += answers;
    figures.echoes += echoes;
  }
}
