import { Crowd, type CrowdOptions } from "./crowd.ts";
import { Kill, killBehind } from "./kill.ts";
import { count } from "./page/parts/words.js";
import { PodProcess, type PodReport } from "./pod-process.ts";
import type { Shopper, Visit } from "./shopper.ts";
import type { DemoState, Happening, PodView } from "./state.ts";

const HAPPENINGS = 60;
const KILLS = 20;

/** What a pod was asked to do: done, no such pod, or not in its present state. */
export type Asked = { readonly status: 200 | 404 | 409 | 500; readonly error?: string };

/** The demo's pods and its simulated shoppers, and what happened between them. */
export class Fleet {
  readonly crowd: Crowd;
  readonly #pods: readonly PodProcess[];
  readonly #changed: () => void;
  #kills: Kill[] = [];
  #happened: Happening[] = [];

  /** One pod for each port, `web-0` and on, dead until started. `changed` is called whenever the state is another. */
  constructor(
    ports: readonly number[],
    control: string,
    edge: string,
    changed: () => void,
    crowd: Partial<CrowdOptions> = {},
  ) {
    this.#changed = changed;
    this.crowd = new Crowd(edge, (shopper, visit) => this.#visited(shopper, visit), crowd);
    this.#pods = ports.map((port, i) => {
      return new PodProcess(`web-${i}`, port, control, (pod, ended) => {
        if (ended === "by itself") this.#say(`${pod.id} ended by itself`);
        this.#changed();
      });
    });
  }

  /** Starts every pod; rejects when one does not start. */
  async start(): Promise<void> {
    await Promise.all(this.#pods.map((pod) => pod.start()));
  }

  /** Ends the shoppers and the pods, also one that is just starting; nothing starts again. */
  async stop(): Promise<void> {
    await Promise.all([this.crowd.stop(), ...this.#pods.map((pod) => pod.stop())]);
  }

  /** The processes that run for it right now. */
  pids(): number[] {
    return this.#pods.flatMap((pod) => pod.pid ?? []);
  }

  hear(report: PodReport): boolean {
    return this.#pods.find((pod) => pod.id === report.pod)?.hear(report) ?? false;
  }

  async kill(id: string): Promise<Asked> {
    const pod = this.#pods.find((one) => one.id === id);
    if (pod === undefined) return { status: 404, error: `there is no pod ${id}` };
    if (pod.status !== "alive" || pod.ending) {
      return { status: 409, error: `${id} is not alive: only a pod that is can be killed` };
    }
    const names = (on: boolean) =>
      this.crowd.shoppers.filter((one) => (one.pod === id) === on).map((one) => one.name);
    const kill = new Kill(id, Date.now(), names(true), names(false));
    this.#kills = [...this.#kills, kill].slice(-KILLS);
    await pod.kill();
    kill.carts = pod.carts.size;
    kill.people = this.#viewPod(pod).carts.filter((cart) => cart.shopper === null).length;
    this.#say(`${id} was killed with ${count(kill.carts, "cart")} in its memory`);
    return { status: 200 };
  }

  async revive(id: string): Promise<Asked> {
    const pod = this.#pods.find((one) => one.id === id);
    if (pod === undefined) return { status: 404, error: `there is no pod ${id}` };
    if (pod.status !== "dead") {
      return { status: 409, error: `${id} is ${pod.status}: only a dead pod can be revived` };
    }
    try {
      await pod.start();
    } catch (error) {
      return { status: 500, error: (error as Error).message };
    }
    this.#say(`${id} was revived, with an empty memory`);
    return { status: 200 };
  }

  state(): DemoState {
    return {
      pods: this.#pods.map((pod) => this.#viewPod(pod)),
      shoppers: this.crowd.shoppers.map((shopper) => ({
        name: shopper.name,
        pod: shopper.pod ?? null,
        items: shopper.items,
        moves: shopper.moves.length,
        lost: shopper.lost,
        refused: shopper.refused,
        last: shopper.last ?? null,
      })),
      shopping: this.crowd.shopping,
      edge: this.crowd.edge,
      kills: this.#kills.map((kill) => kill.view()).reverse(),
      happened: this.#happened.toReversed(),
    };
  }

  #viewPod(pod: PodProcess): PodView {
    const owner = (visitor: string) =>
      this.crowd.shoppers.find((one) => one.visitor === visitor)?.name ?? null;
    const carts = [...pod.carts].map(([visitor, items]) => ({ visitor, items, shopper: owner(visitor) }));
    return { id: pod.id, status: pod.status, alive: pod.status === "alive", since: pod.since, carts };
  }

  #visited(shopper: Shopper, visit: Visit): void {
    const { move } = visit;
    if (move !== undefined) {
      killBehind(this.#kills, shopper.name, move.from)?.note(shopper.name);
      this.#say(`${shopper.name} moved from ${move.from} to ${move.to}: ${move.cause}`);
    }
    if (visit.answered) {
      const kill = this.#kills.findLast((one) => one.pod === shopper.pod);
      if (kill !== undefined && visit.sent <= kill.at) kill.hold(shopper.name);
      else if (move === undefined) kill?.stay(shopper.name);
    }
    this.#changed();
  }

  #say(text: string): void {
    this.#happened = [...this.#happened, { at: Date.now(), text }].slice(-HAPPENINGS);
    this.#changed();
  }
}
