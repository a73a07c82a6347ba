import { setTimeout as sleep } from "node:timers/promises";
import type { Member } from "./member.ts";

/** What stands before the edges, as a load balancer would: sends each request to one that is in, and can take one out. */
export class Door {
  readonly #edges: readonly Member[];
  readonly #out = new Set<number>();
  readonly #busy: number[];
  readonly #draw: () => number;

  /** @param draw fractions in 0..1 */
  constructor(edges: readonly Member[], draw: () => number) {
    this.#edges = edges;
    this.#busy = edges.map(() => 0);
    this.#draw = draw;
  }

  /** Runs `work` against an edge that is in, or against this one. Throws when none is. */
  async through<T>(work: (url: string, edge: number) => Promise<T>, at?: number): Promise<T> {
    const { open } = this;
    const edge = at ?? open[Math.floor(this.#draw() * open.length)];
    if (edge === undefined) throw new Error("every edge is out");
    this.#busy[edge]!++;
    try {
      return await work(this.#edges[edge]!.url, edge);
    } finally {
      this.#busy[edge]!--;
    }
  }

  /** The edges that are in. */
  get open(): number[] {
    return this.#edges.map((_, i) => i).filter((i) => !this.#out.has(i));
  }

  /** Sends it nothing more; resolves when it has answered what it was sent. */
  async takeOut(edge: number): Promise<void> {
    this.#out.add(edge);
    while (this.#busy[edge]! > 0) await sleep(5);
  }

  putIn(edge: number): void {
    this.#out.delete(edge);
  }
}
