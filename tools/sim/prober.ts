import { type Observation, observe, type Readiness, UNKNOWN } from "../../src/health/readiness.ts";
import type { PodState } from "../../src/health/state.ts";
import { type Pod, tagToHex } from "../../src/model/pod.ts";
import type { ReadinessProbe } from "../../src/model/pool.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Loop } from "./loop.ts";
import type { Net } from "./net.ts";
import type { Pods, SimPod } from "./pods.ts";

interface Target {
  readonly pod: Pod;
  readonly probe: ReadinessProbe;
  readiness: Readiness;
  due: number;
  hurried: number;
  failing: number;
  served: number;
  refused: number;
}

/** As in worker/coordinator/prober.ts. Milliseconds. */
const DOWN_PERIOD = 2000;
const HURRY = 500;
const FRESH = 3000;

/** The probes of worker/coordinator/prober.ts in virtual time: the same rules over the real `observe`. */
export class SimProber {
  #targets = new Map<string, Target>();
  /** Probes that were begun before a crash say nothing after it. */
  #life = 0;
  readonly #loop: Loop;
  readonly #net: Net;
  readonly #pods: Pods;

  constructor(loop: Loop, net: Net, pods: Pods) {
    this.#loop = loop;
    this.#net = net;
    this.#pods = pods;
  }

  follow(snapshot: Snapshot, stored: ReadonlyMap<string, PodState>): void {
    const { now } = this.#loop;
    const targets = new Map<string, Target>();
    for (const pool of snapshot.pools) {
      const probe = pool.readiness;
      if (probe === undefined) continue;
      for (const pod of pool.pods) {
        const tag = tagToHex(pod.tag);
        const known = this.#targets.get(tag);
        const readiness = known?.readiness ?? restored(stored.get(tag));
        const fresh = { hurried: 0, failing: 0, served: 0, refused: 0, due: now + probe.initialDelay };
        const target: Target = { ...fresh, ...known, pod, probe, readiness };
        targets.set(tag, target);
        // Each target has its own timer; a new config takes the probes over as they stand.
        if (known === undefined) this.#plan(tag, target.due - now);
      }
    }
    this.#targets = targets;
  }

  /** Forgets what only memory held. */
  crash(): void {
    this.#life++;
    this.#targets = new Map();
  }

  health(): Record<string, PodState> {
    const health: Record<string, PodState> = {};
    for (const [tag, target] of this.#targets) {
      const { state } = target.readiness;
      if (state !== "ready") health[tag] = state === "down" && this.#isServing(target) ? "unready" : state;
    }
    return health;
  }

  /** What a coordinator has on its disk. */
  states(): Map<string, PodState> {
    return new Map([...this.#targets].map(([tag, { readiness }]) => [tag, readiness.state]));
  }

  served(ages: Readonly<Record<string, number>>): void {
    const { now } = this.#loop;
    for (const [tag, age] of Object.entries(ages)) {
      const target = this.#targets.get(tag);
      if (target !== undefined) target.served = Math.max(target.served, now - Math.max(0, age));
    }
  }

  hurry(tags: readonly string[]): void {
    const { now } = this.#loop;
    for (const tag of tags) {
      const target = this.#targets.get(tag);
      if (target === undefined) continue;
      target.refused = now;
      if (now - target.hurried < Math.max(HURRY, target.probe.timeout)) continue;
      target.hurried = now;
      void this.#look(tag, target);
    }
  }

  #plan(tag: string, ms: number): void {
    const life = this.#life;
    this.#loop.after(ms, () => {
      const target = this.#targets.get(tag);
      if (target === undefined || life !== this.#life) return;
      void this.#look(tag, target);
      const { probe, readiness } = target;
      this.#plan(tag, readiness.state === "down" ? Math.min(probe.period, DOWN_PERIOD) : probe.period);
    });
  }

  async #look(tag: string, target: Target): Promise<void> {
    const begun = this.#loop.now;
    const seen = await this.#probe(target.pod, target.probe);
    if (this.#targets.get(tag)?.pod !== target.pod) return;
    const now = this.#targets.get(tag)!;
    const { next } = observe(now.readiness, seen, now.probe);
    now.readiness = next;
    if (next.failures === 1) now.failing = begun;
  }

  #probe(pod: Pod, probe: ReadinessProbe): Promise<Observation> {
    const process = this.#pods.of(pod);
    return new Promise((resolve) => {
      const end = (seen: Observation) => {
        if (seen !== "passed") process.trouble();
        resolve(seen);
      };
      const late = this.#loop.after(probe.timeout, () => end("timeout"));
      const said = (seen: Observation) => {
        late();
        end(seen);
      };
      const lost = (how: "refuse" | "drop") => {
        if (how === "refuse") said("unreachable");
      };
      this.#net.send("coordinator", pod.id, () => this.#answer(process, said, pod, lost), lost);
    });
  }

  #answer(
    process: SimPod,
    said: (seen: Observation) => void,
    pod: Pod,
    lost: (how: "refuse" | "drop") => void,
  ) {
    const { mode } = process;
    if (mode === "hang") return;
    const seen =
      mode === "up" || mode === "dies"
        ? "passed"
        : mode === "error" || mode === "unready"
          ? "failed"
          : "unreachable";
    this.#net.send(pod.id, "coordinator", () => said(seen), lost);
  }

  #isServing({ served, failing, refused }: Target): boolean {
    return served > 0 && served >= failing && (served > refused || this.#loop.now - served < FRESH);
  }
}

function restored(state: PodState | undefined): Readiness {
  if (state === "ready" || state === "unready" || state === "unhealthy" || state === "down") {
    return { state, passes: 0, failures: 0, unreachable: 0 };
  }
  return UNKNOWN;
}
