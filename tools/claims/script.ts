import { type Dice, dice } from "../sim/dice.ts";
import type { Model } from "./model.ts";

/** The three steps of a transfer; each needs what the one before has left in the pod's memory. */
export const STEPS = 3;

/** One request that a user means to make. */
export interface Visit {
  /** Milliseconds from the start of the run. */
  readonly at: number;
  /** Which isolate it comes to. */
  readonly edge: number;
  /** Undefined: it only looks. Else which transfer of the user it belongs to, and its step from 0. */
  readonly transfer?: { readonly number: number; readonly step: number };
}

/** Since when a user has an address. */
export interface Move {
  readonly at: number;
  readonly address: string;
}

export interface User {
  readonly name: string;
  /** In order of time. */
  readonly visits: readonly Visit[];
  /** In order of time; the first is there from the start. */
  readonly moves: readonly Move[];
}

/** A pod that loses its memory, and is away for a while. Milliseconds from the start of the run. */
export interface Restart {
  readonly at: number;
  readonly back: number;
  readonly pod: number;
}

/** What users and pods do, whatever ties them together: the same for all kinds of stickiness, and for both worlds. */
export interface Script {
  readonly model: Model;
  readonly users: readonly User[];
  /** In order of time. */
  readonly restarts: readonly Restart[];
}

export function write(model: Model, seed: number): Script {
  const addresses = new Addresses(model, dice(seed, "addresses"));
  const users = Array.from({ length: model.users }, (_, i) => userOf(`user-${i}`, model, seed, addresses));
  return { model, users, restarts: restartsOf(model, dice(seed, "restarts")) };
}

/** The address that a user has at a moment. */
export function addressAt({ moves }: User, at: number): string {
  let { address } = moves[0]!;
  for (const move of moves) if (move.at <= at) address = move.address;
  return address;
}

function userOf(name: string, model: Model, seed: number, addresses: Addresses): User {
  const chance = dice(seed, name);
  const visits = visitsOf(model, chance);
  const moves: Move[] = [{ at: 0, address: addresses.next(undefined) }];
  if (chance.odds(model.phones) && model.changes > 0) {
    const first = visits[0]!.at;
    const last = visits.at(-1)!.at;
    let at = first;
    for (;;) {
      at += waited(chance, 3_600_000 / model.changes);
      if (at > last) break;
      moves.push({ at, address: addresses.next(moves.at(-1)!.address) });
    }
  }
  return { name, visits, moves };
}

function visitsOf(model: Model, chance: Dice): Visit[] {
  const visits: Visit[] = [];
  const edge = () => chance.below(model.edges);
  let at = chance.between(0, model.arrive * 1000);
  let transfers = 0;
  do {
    const moves = chance.odds(model.transfers);
    if (!moves) visits.push({ at, edge: edge() });
    for (let step = 0; moves && step < STEPS; step++) {
      if (step > 0) at += waited(chance, model.step * 1000);
      visits.push({ at, edge: edge(), transfer: { number: transfers, step } });
    }
    if (moves) transfers++;
    at += waited(chance, model.think * 1000);
  } while (!chance.odds(1 / model.visits) && at < model.length * 1000);
  return visits.filter((visit) => visit.at < model.length * 1000);
}

function restartsOf({ pods, restarts, down, length }: Model, chance: Dice): Restart[] {
  const all: Restart[] = [];
  for (let pod = 0; pod < pods && restarts > 0; pod++) {
    let at = 0;
    for (;;) {
      at += waited(chance, 3_600_000 / restarts);
      if (at >= length * 1000) break;
      all.push({ at, back: at + down * 1000, pod });
      at += down * 1000;
    }
  }
  return all.sort((a, b) => a.at - b.at);
}

/** Time until the next event of a Poisson process. */
function waited(chance: Dice, mean: number): number {
  return -Math.log(1 - chance.fraction()) * mean;
}

/** Addresses of NATs, and as many others as are asked for. */
class Addresses {
  readonly #model: Model;
  readonly #chance: Dice;
  readonly #nats: number;
  #own = 0;

  constructor(model: Model, chance: Dice) {
    this.#model = model;
    this.#chance = chance;
    const { users, behindNat, usersPerNat } = model;
    this.#nats = Math.max(1, Math.round((users * behindNat) / usersPerNat));
  }

  /** Another one than before. */
  next(before: string | undefined): string {
    if (!this.#chance.odds(this.#model.behindNat)) return dotted(10, this.#own++);
    const address = dotted(100, this.#chance.below(this.#nats));
    return address === before && this.#nats > 1 ? this.next(before) : address;
  }
}

function dotted(first: number, number: number): string {
  return `${first}.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
}
