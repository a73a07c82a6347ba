import type { Dice } from "../dice.ts";
import type { Agenda } from "./agenda.ts";
import type { Scene } from "./scene.ts";

/** Requests that wait at one pod. */
class Queue {
  #items = new Int32Array(64);
  #head = 0;
  #size = 0;

  push(item: number): void {
    if (this.#size === this.#items.length) {
      const items = new Int32Array(this.#size * 2);
      for (let i = 0; i < this.#size; i++) items[i] = this.#items[(this.#head + i) % this.#size]!;
      [this.#items, this.#head] = [items, 0];
    }
    this.#items[(this.#head + this.#size++) % this.#items.length] = item;
  }

  /** −1 when none waits. */
  shift(): number {
    if (this.#size === 0) return -1;
    const item = this.#items[this.#head]!;
    this.#head = (this.#head + 1) % this.#items.length;
    this.#size--;
    return item;
  }
}

/** The pods: each works on `slots` requests at once, for lognormal times, and lets the others wait. */
export class Servers {
  /** Requests at each pod, waiting ones included. */
  readonly inflight: Uint32Array;
  readonly slowness: Float64Array;
  readonly errors: Float64Array;
  readonly dead: Uint8Array;
  readonly #busy: Int32Array;
  readonly #queues: Queue[];
  readonly #scene: Scene;
  readonly #dice: Dice;
  readonly #agenda: Agenda;
  readonly #kind: number;

  /** @param kind of the events by which requests end, about (request, pod) */
  constructor(scene: Scene, dice: Dice, agenda: Agenda, kind: number) {
    this.inflight = new Uint32Array(scene.pods);
    this.slowness = new Float64Array(scene.pods).fill(1);
    this.errors = new Float64Array(scene.pods);
    this.dead = new Uint8Array(scene.pods);
    this.#busy = new Int32Array(scene.pods);
    this.#queues = Array.from({ length: scene.pods }, () => new Queue());
    this.#scene = scene;
    this.#dice = dice;
    this.#agenda = agenda;
    this.#kind = kind;
  }

  arrive(request: number, pod: number, now: number): void {
    if (this.#busy[pod]! < this.#scene.slots) this.#serve(request, pod, now);
    else this.#queues[pod]!.push(request);
  }

  /** A request has ended: the next one begins. */
  finish(pod: number, now: number): void {
    this.#busy[pod] = this.#busy[pod]! - 1;
    const next = this.#queues[pod]!.shift();
    if (next >= 0) this.#serve(next, pod, now);
  }

  #serve(request: number, pod: number, now: number): void {
    this.#busy[pod] = this.#busy[pod]! + 1;
    this.#agenda.plan(now + this.#time() * this.slowness[pod]!, this.#kind, request, pod);
  }

  /** Lognormal with the scene's mean: exp(μ + σ·z), where μ = ln(mean) − σ²/2, and z by Box and Muller. */
  #time(): number {
    const { service, sigma } = this.#scene;
    const z =
      Math.sqrt(-2 * Math.log(1 - this.#dice.fraction())) * Math.cos(2 * Math.PI * this.#dice.fraction());
    return service * Math.exp(sigma * z - (sigma * sigma) / 2);
  }
}
