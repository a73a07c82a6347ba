import { smoothing } from "../../../src/metrics/load.ts";
import type { PodUse } from "../../../src/model/beat.ts";
import type { Dice } from "../dice.ts";
import type { Agenda } from "./agenda.ts";
import type { Hub, Told } from "./hub.ts";
import type { Isolate } from "./isolate.ts";

/** Between two urgent heartbeats of one isolate. Milliseconds. */
const URGENT = 500;

/** A heartbeat on its way. */
interface Beat {
  readonly isolate: number;
  readonly asked: number;
  readonly load: Record<string, PodUse>;
  readonly snapshot: Uint32Array;
  readonly placed: number;
  told: Told | undefined;
}

/** The kinds of event that heartbeats make. */
export interface PulseKinds {
  readonly timer: number;
  readonly hear: number;
  readonly answer: number;
}

/** The heartbeats of all isolates: on a timer while anything is in flight, one after it, one at once when a pod fails. */
export class Pulse {
  readonly #isolates: readonly Isolate[];
  readonly #hub: Hub;
  readonly #agenda: Agenda;
  readonly #dice: Dice;
  readonly #way: number;
  readonly #kinds: PulseKinds;
  readonly #beats: (Beat | undefined)[] = [];
  readonly #free: number[] = [];

  constructor(
    isolates: readonly Isolate[],
    hub: Hub,
    agenda: Agenda,
    dice: Dice,
    way: number,
    kinds: PulseKinds,
  ) {
    this.#isolates = isolates;
    this.#hub = hub;
    this.#agenda = agenda;
    this.#dice = dice;
    this.#way = way;
    this.#kinds = kinds;
  }

  /** A request came, or ended. */
  touch(index: number, now: number): void {
    const isolate = this.#isolates[index]!;
    isolate.touched = true;
    if (isolate.beating) return;
    isolate.beating = true;
    if (now - isolate.share.at > isolate.next) this.send(index, now);
    else this.#sleep(index, now);
  }

  /** A pod failed: what was told last is soon out of date. */
  failed(index: number, now: number): void {
    const isolate = this.#isolates[index]!;
    if (isolate.urgent) return;
    isolate.urgent = true;
    isolate.beating = true;
    if (!isolate.sending) this.#wake(index, Math.max(now, isolate.urgentAt + URGENT));
  }

  timer(index: number, number: number, now: number): void {
    if (this.#isolates[index]!.timer === number) this.send(index, now);
  }

  send(index: number, now: number): void {
    const isolate = this.#isolates[index]!;
    if (isolate.sending) return;
    isolate.sending = true;
    isolate.beating = true;
    isolate.timer++;
    if (isolate.urgent) isolate.urgentAt = now;
    isolate.urgent = false;
    const load = isolate.use(this.#hub.tags, now);
    const { placed } = isolate;
    isolate.placed = 0;
    const snapshot = isolate.inflight.slice();
    const beat = { isolate: index, asked: now, load, snapshot, placed, told: undefined };
    const at = this.#free.pop() ?? this.#beats.length;
    this.#beats[at] = beat;
    this.#agenda.plan(now + this.#travel(), this.#kinds.hear, at);
  }

  /** A heartbeat reaches the coordinator. */
  hear(at: number, now: number): void {
    const beat = this.#beats[at]!;
    beat.told = this.#hub.hear(beat, now);
    this.#agenda.plan(now + this.#travel(), this.#kinds.answer, at);
  }

  /** The answer is back: the number of the isolate. */
  answer(at: number, now: number): number {
    const { isolate: index, asked, load, told } = this.#beats[at]!;
    this.#beats[at] = undefined;
    this.#free.push(at);
    const isolate = this.#isolates[index]!;
    isolate.sending = false;
    isolate.next = told!.period;
    isolate.fleet = told!.fleet;
    isolate.split = told!.split;
    isolate.hear(told!.out, now);
    const alone = told!.isolates === 1;
    isolate.share.hear(this.#hub.tags, load, told!.load, asked, smoothing(told!.period), alone);
    if (isolate.urgent) this.#wake(index, Math.max(now, isolate.urgentAt + URGENT));
    else if (isolate.touched || isolate.total > 0) this.#sleep(index, now);
    else isolate.beating = false;
    return index;
  }

  #sleep(index: number, now: number): void {
    const isolate = this.#isolates[index]!;
    isolate.touched = false;
    this.#wake(index, now + isolate.next * this.#dice.between(0.8, 1.2));
  }

  #wake(index: number, at: number): void {
    this.#agenda.plan(at, this.#kinds.timer, index, ++this.#isolates[index]!.timer);
  }

  #travel(): number {
    return this.#way * this.#dice.between(0.7, 1.3);
  }
}
