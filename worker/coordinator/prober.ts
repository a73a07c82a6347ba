import { type Observation, observe, type Readiness, UNKNOWN } from "../../src/health/readiness.ts";
import type { PodState } from "../../src/health/state.ts";
import { type Pod, tagToHex } from "../../src/model/pod.ts";
import type { ReadinessProbe } from "../../src/model/pool.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";

/** Probes in flight at once: a seventh would queue in the platform and spend its time-out waiting. */
const BATCH = 6;
/** Probes that are due this soon run with those that are due now. Milliseconds. */
const NEAR = 25;

interface Target {
  readonly pod: Pod;
  readonly probe: ReadinessProbe;
  readiness: Readiness;
  /** Milliseconds since the epoch, as all that follow; 0 for never. */
  due: number;
  /** When an edge's failure last made it due. */
  hurried: number;
  /** When the row of probes began that could not connect, on which "down" rests. */
  failing: number;
  /** When edges last told that it answered, and that they could not connect. */
  served: number;
  refused: number;
}

/** Times of a pod that nothing was heard of. */
const UNHEARD = { hurried: 0, failing: 0, served: 0, refused: 0 };
/** A pod that is down is probed this often at least: its sessions may come back. Milliseconds. */
const DOWN_PERIOD = 2000;
/** An edge's failure makes a probe due no more often than this. Milliseconds. */
const HURRY = 500;
/** How long an answer that one edge had outweighs what another could not reach. Milliseconds. */
const FRESH = 3000;

/** A pod whose readiness flipped: the only thing that is logged. */
export interface Flip {
  readonly pod: Pod;
  readonly state: PodState;
}

/** Readiness probes of every pool that has them. Who calls it keeps the time. */
export class Prober {
  #targets = new Map<string, Target>();
  readonly #probe: (pod: Pod, probe: ReadinessProbe) => Promise<Observation>;

  constructor(probe: (pod: Pod, probe: ReadinessProbe) => Promise<Observation> = probeOverHttp) {
    this.#probe = probe;
  }

  /**
   * Probes the pods of this snapshot from now on. A pod that was known keeps its state; a new one is unready until its
   * first pass, as in Kubernetes, though it keeps what sessions it has.
   *
   * @param stored states from the disk, by 12 hex digits of the tag
   */
  follow(snapshot: Snapshot, stored: ReadonlyMap<string, PodState>, now: number): void {
    const targets = new Map<string, Target>();
    for (const pool of snapshot.pools) {
      const probe = pool.readiness;
      if (probe === undefined) continue;
      for (const pod of pool.pods) {
        const tag = tagToHex(pod.tag);
        const known = this.#targets.get(tag);
        const readiness = known?.readiness ?? restored(stored.get(tag));
        const due = known?.due ?? now + probe.initialDelay;
        targets.set(tag, { ...UNHEARD, ...known, pod, probe, readiness, due });
      }
    }
    this.#targets = targets;
  }

  /** What the probes and the edges make of a pod; one that is not probed is ready. */
  state(tag: string, now: number): PodState {
    const target = this.#targets.get(tag);
    if (target === undefined) return "ready";
    const { state } = target.readiness;
    return state === "down" && isServing(target, now) ? "unready" : state;
  }

  /** The tags that are probed. */
  tags(): Set<string> {
    return new Set(this.#targets.keys());
  }

  /**
   * The clock was put back: what was due by the old one would be due for as long again. Whether there was anything to mend.
   */
  mend(now: number): boolean {
    let mended = false;
    for (const target of this.#targets.values()) {
      if (target.due <= now + 2 * Math.max(target.probe.period, target.probe.initialDelay)) continue;
      target.due = now;
      mended = true;
    }
    return mended;
  }

  /** When the next probe is due; undefined when nothing is probed. */
  next(): number | undefined {
    let next: number | undefined;
    for (const { due } of this.#targets.values()) if (next === undefined || due < next) next = due;
    return next;
  }

  /** An edge could not connect: look at once, though not for each failure anew. */
  hurry(tags: readonly string[], now: number): void {
    for (const tag of tags) {
      const target = this.#targets.get(tag);
      if (target === undefined) continue;
      target.refused = now;
      if (now - target.hurried < Math.max(HURRY, target.probe.timeout)) continue;
      target.hurried = now;
      target.due = Math.min(target.due, now);
    }
  }

  /** An edge had answers of these pods so many milliseconds ago, whatever the probes say. */
  served(ages: Readonly<Record<string, number>>, now: number): void {
    for (const [tag, age] of Object.entries(ages)) {
      const target = this.#targets.get(tag);
      if (target !== undefined) target.served = Math.max(target.served, now - Math.max(0, age));
    }
  }

  /** Runs what is due and answers what flipped. `clock` is read again after each probe. */
  async run(clock: () => number, jitter: () => number): Promise<Flip[]> {
    const now = clock();
    const due = [...this.#targets.values()].filter((target) => target.due <= now + NEAR);
    // Spread by ± 5 %, so that the probes of many pods do not march in step.
    for (const target of due) target.due = now + periodOf(target) * (0.95 + 0.1 * jitter());
    const flips: Flip[] = [];
    const queue = due.values();
    const worker = async () => {
      for (const target of queue) {
        const seen = await this.#probe(target.pod, target.probe);
        // A verdict about a pod or probe that the config no longer has says nothing.
        if (this.#targets.get(tagToHex(target.pod.tag)) !== target) continue;
        const { state: before } = target.readiness;
        const { next, flipped } = observe(target.readiness, seen, target.probe);
        target.readiness = next;
        // Not from a time-out before it, nor from when the probe began: what was answered until then says nothing of a pod
        // that is gone since.
        if (next.unreachable === 1 && before !== "down") target.failing = clock();
        if (flipped) flips.push({ pod: target.pod, state: next.state });
      }
    };
    await Promise.all(Array.from({ length: Math.min(BATCH, due.length) }, worker));
    return flips;
  }
}

/**
 * Edges reach it since probes could not: degraded, not down. An edge that cannot reach it does not outweigh another that
 * does, as long as that one's word is fresh.
 */
function isServing({ served, failing, refused }: Target, now: number): boolean {
  return served > 0 && served >= failing && (served > refused || now - served < FRESH);
}

function periodOf({ probe, readiness }: Target): number {
  return readiness.state === "down" ? Math.min(probe.period, DOWN_PERIOD) : probe.period;
}

/** After a restart the state is as it was; its counts begin anew. */
function restored(state: PodState | undefined): Readiness {
  if (state === "ready" || state === "unready" || state === "unhealthy" || state === "down") {
    return { state, passes: 0, failures: 0, unreachable: 0 };
  }
  return UNKNOWN;
}

async function probeOverHttp(pod: Pod, { path, timeout }: ReadinessProbe): Promise<Observation> {
  try {
    const response = await fetch(pod.url + path, {
      headers: { "user-agent": "mooring-probe" },
      redirect: "manual",
      signal: AbortSignal.timeout(timeout),
    });
    await response.body?.cancel();
    return response.status >= 200 && response.status < 400 ? "passed" : "failed";
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError" ? "timeout" : "unreachable";
  }
}
