/** Told once: true when the turn has come, with a place at the pod already taken; false when it will not. */
type Turn = (come: boolean) => void;

/** Requests that wait for a place at one pod that is at its cap: first come, first served. */
export class Line {
  readonly #waiting = new Set<Turn>();

  get length(): number {
    return this.#waiting.size;
  }

  /** @returns leaves the line: when it is still in it, it is told `false` */
  join(turn: Turn): () => void {
    this.#waiting.add(turn);
    return () => {
      if (this.#waiting.delete(turn)) turn(false);
    };
  }

  /** It is the turn of the first. Whoever calls this has taken a place for it. */
  next(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#waiting.delete(first);
    first(true);
  }
}
