import { type Admin, AdminError } from "./admin.ts";
import { changed, type PlanView, planView } from "./change.ts";
import { Crowd, type CrowdOptions } from "./crowd.ts";
import { Kill, killBehind } from "./kill.ts";
import { count } from "./page/parts/words.js";
import { PodProcess, type PodReport } from "./pod-process.ts";
import { freePorts } from "./ports.ts";
import type { Shopper, Visit } from "./shopper.ts";
import type { DemoState, DrainView, Happening, PodView } from "./state.ts";

const HAPPENINGS = 60;
const KILLS = 20;
/** Long enough to see sessions stay, short enough to see them move. */
const DRAIN = "30s";
const CHANGED = "The config was changed since this was planned: ask again who would move.";

/** What a pod was asked to do: done, no such pod, or not in its present state. */
export type Asked = { readonly status: 200 | 404 | 409 | 500 | 503; readonly error?: string };

/** The demo's pods and its simulated shoppers, and what happened between them. */
export class Fleet {
  readonly crowd: Crowd;
  readonly #admin: Admin | undefined;
  readonly #control: string;
  readonly #changed: () => void;
  #pods: readonly PodProcess[];
  #drains: ReadonlyMap<string, DrainView> = new Map();
  /** Where the next pod will listen: the same for the plan and for the pod. */
  #port: Promise<number> | undefined;
  #adding = false;
  #kills: Kill[] = [];
  #happened: Happening[] = [];

  /**
   * One pod for each port, `web-0` and on, dead until started. `changed` is called whenever the state is another. Without an
   * admin nobody can drain or add a pod.
   */
  constructor(
    ports: readonly number[],
    control: string,
    edge: string,
    changed: () => void,
    crowd: Partial<CrowdOptions> = {},
    admin?: Admin,
  ) {
    this.#changed = changed;
    this.#control = control;
    this.#admin = admin;
    this.crowd = new Crowd(edge, (shopper, visit) => this.#visited(shopper, visit), crowd);
    this.#pods = ports.map((port, i) => this.#made(`web-${i}`, port));
  }

  #made(id: string, port: number): PodProcess {
    return new PodProcess(id, port, this.#control, (pod, ended) => {
      if (ended === "by itself") this.#say(`${pod.id} ended by itself`);
      this.#changed();
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

  /** Drains a pod for a while, or takes that back. */
  async order(id: string, state: "draining" | "ready"): Promise<Asked> {
    if (!this.#pods.some((pod) => pod.id === id)) return { status: 404, error: `there is no pod ${id}` };
    return this.#operate(async (admin) => {
      await admin.order(id, state, DRAIN);
      this.#say(
        state === "ready" ? `${id} takes new sessions again` : `${id} drains: it takes no new sessions`,
      );
      await this.#look(admin);
    });
  }

  /** Whom a change of pods would move: a pod more, or one less. Nothing changes. */
  async plan(remove: string | undefined): Promise<{ readonly plan: PlanView } | Asked> {
    if (remove !== undefined && !this.#pods.some(({ id }) => id === remove)) {
      return { status: 404, error: `there is no pod ${remove}` };
    }
    let view: PlanView | undefined;
    const asked = await this.#operate(async (admin) => {
      const change = remove === undefined ? await this.#addition() : { remove };
      const { config } = await admin.config();
      const names = new Map<string, string>();
      for (const { name, cookie } of this.crowd.shoppers) {
        const sid = cookie === undefined ? undefined : await admin.sidOf(cookie);
        if (sid !== undefined) names.set(sid, name);
      }
      view = planView(change, await admin.plan(changed(config, change)), names);
    });
    return view === undefined ? asked : { plan: view };
  }

  /** Starts one more pod and puts it into the config, when that is the revision that it was planned over still. */
  async add(revision: number): Promise<Asked> {
    if (this.#adding) return { status: 409, error: "a pod is being added" };
    this.#adding = true;
    try {
      return await this.#operate(async (admin) => {
        const held = await admin.config();
        if (held.revision !== revision) throw new AdminError(412, CHANGED);
        const change = await this.#addition();
        const pod = this.#made(change.add, Number(new URL(change.url).port));
        this.#pods = [...this.#pods, pod];
        try {
          await pod.start();
          await admin.put(changed(held.config, change), revision);
        } catch (error) {
          this.#pods = this.#pods.filter((one) => one !== pod);
          await pod.stop();
          throw error;
        }
        this.#port = undefined;
        this.#say(`${pod.id} was added, and takes new sessions`);
      });
    } finally {
      this.#adding = false;
    }
  }

  /** Looks how far the drains are, if there are any. */
  async follow(): Promise<void> {
    if (this.#admin === undefined || this.#drains.size === 0) return;
    // An edge that is away says nothing new: what is shown is what was known last.
    await this.#look(this.#admin).catch((error: Error) => console.error(`control: ${error.message}`));
  }

  async #addition(): Promise<{ add: string; url: string }> {
    this.#port ??= freePorts(1).then(([port = 0]) => port);
    return { add: `web-${this.#pods.length}`, url: `http://127.0.0.1:${await this.#port}` };
  }

  async #look(admin: Admin): Promise<void> {
    const drains = new Map<string, DrainView>();
    for (const { id, state, sessions, deadline } of await admin.pods()) {
      if (state === "draining" || state === "drained") drains.set(id, { state, sessions, deadline });
    }
    if (JSON.stringify([...drains]) === JSON.stringify([...this.#drains])) return;
    this.#drains = drains;
    this.#changed();
  }

  async #operate(work: (admin: Admin) => Promise<void>): Promise<Asked> {
    if (this.#admin === undefined) return { status: 409, error: "this demo has no admin token" };
    try {
      await work(this.#admin);
      return { status: 200 };
    } catch (error) {
      if (!(error instanceof AdminError)) return { status: 500, error: (error as Error).message };
      if (error.status === 412) return { status: 409, error: CHANGED };
      return { status: error.status === 0 || error.status === 503 ? 503 : 500, error: error.message };
    }
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
      operates: this.#admin !== undefined,
      edge: this.crowd.edge,
      kills: this.#kills.map((kill) => kill.view()).reverse(),
      happened: this.#happened.toReversed(),
    };
  }

  #viewPod(pod: PodProcess): PodView {
    const owner = (visitor: string) =>
      this.crowd.shoppers.find((one) => one.visitor === visitor)?.name ?? null;
    const carts = [...pod.carts].map(([visitor, items]) => ({ visitor, items, shopper: owner(visitor) }));
    const drain = this.#drains.get(pod.id);
    const { id, status, since } = pod;
    return { id, status, alive: status === "alive", since, carts, ...(drain === undefined ? {} : { drain }) };
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
