import { Probes, type StoredChecks, type Task } from "../../src/health/probes.ts";
import type { Observation } from "../../src/health/readiness.ts";
import type { PodState } from "../../src/health/state.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Loop } from "./loop.ts";
import type { Net } from "./net.ts";
import type { Pods, SimPod } from "./pods.ts";

/** worker/coordinator/prober.ts in virtual time, over the real rules: one alarm, and probes over the simulated network. */
export class SimProber {
  #probes = new Probes();
  #tags: readonly string[] = [];
  #alarm: (() => void) | undefined;
  /** Told of each pod that has become ready. */
  recovered: (tag: string) => void = () => undefined;
  readonly #loop: Loop;
  readonly #net: Net;
  readonly #pods: Pods;

  constructor(loop: Loop, net: Net, pods: Pods) {
    this.#loop = loop;
    this.#net = net;
    this.#pods = pods;
  }

  follow(snapshot: Snapshot, stored: StoredChecks): void {
    this.#tags = snapshot.pools.flatMap(({ pods }) => pods.map(({ tag }) => tagToHex(tag)));
    this.#probes.follow(snapshot, stored, this.#loop.now);
    this.#schedule();
  }

  /** Forgets what only memory held: probes that were begun before say nothing after it. */
  crash(): void {
    this.#alarm?.();
    this.#probes = new Probes();
    this.#tags = [];
  }

  state(tag: string): PodState {
    return this.#probes.state(tag, this.#loop.now);
  }

  /** What a coordinator has on its disk. */
  states(): Map<string, string> {
    const states = new Map<string, string>();
    for (const tag of this.#tags) {
      for (const { check, state } of this.#probes.checks(tag)) states.set(`${tag} ${check}`, state);
    }
    return states;
  }

  served(ages: Readonly<Record<string, number>>): void {
    this.#probes.served(ages, this.#loop.now);
  }

  hurry(tags: readonly string[]): void {
    this.#probes.hurry(tags, this.#loop.now);
    this.#schedule();
  }

  #schedule(): void {
    this.#alarm?.();
    const next = this.#probes.next();
    if (next === undefined) return;
    this.#alarm = this.#loop.after(Math.max(0, next - this.#loop.now), () => {
      const probes = this.#probes;
      for (const task of probes.take(this.#loop.now, () => 0.5)) void this.#look(probes, task);
      this.#schedule();
    });
  }

  async #look(probes: Probes, task: Task): Promise<void> {
    const seen = await this.#probe(task);
    const flip = probes.settle(task, seen, this.#loop.now);
    if (flip === undefined || probes !== this.#probes) return;
    if (flip.ready) this.recovered(flip.tag);
    this.#schedule();
  }

  #probe({ pod, probe, check }: Task): Promise<Observation> {
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
      const arrive = () => {
        const seen = answerOf(process, check);
        if (seen !== undefined) this.#net.send(pod.id, "coordinator", () => said(seen), lost);
      };
      this.#net.send("coordinator", pod.id, arrive, lost);
    });
  }
}

/** Undefined: it says nothing. A pod that is not ready has started all the same. */
function answerOf({ mode }: SimPod, check: Task["check"]): Observation | undefined {
  if (mode === "hang") return undefined;
  if (mode === "up" || mode === "dies") return "passed";
  if (mode === "unready") return check === "readiness" ? "failed" : "passed";
  return mode === "error" ? "failed" : "unreachable";
}
