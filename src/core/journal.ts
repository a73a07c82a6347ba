const SIZE = 1024;

/**
 * Which places of an array were written last, for those who keep a copy of it: whoever writes notes it, and a
 * {@link Follower} reads only that. Noting costs two stores, whether anybody follows or not.
 */
export class Journal {
  readonly #ring = new Uint32Array(SIZE);
  #count = 0;

  note(index: number): void {
    this.#ring[this.#count % SIZE] = index;
    this.#count++;
  }

  /** How many were noted ever. */
  get count(): number {
    return this.#count;
  }

  /** The `count`-th, of the last 1,024. */
  at(count: number): number {
    return this.#ring[count % SIZE]!;
  }

  /** Whether what was noted since `count` is still there. */
  remembers(count: number): boolean {
    return this.#count - count <= SIZE;
  }
}

/** Requests in flight, one count a pod, with the journal of their writes if there is one. */
export interface Counts {
  readonly inflight: Uint32Array;
  readonly journal?: Journal | undefined;
}

/** Keeps one copy of counts up to date. */
export class Follower {
  #inflight: Uint32Array | undefined;
  #journal: Journal | undefined;
  #seen = 0;

  /**
   * Calls `set` for the counts that may have changed since the last call.
   * @returns false when that may be any of them, as there is no journal, or another one, or it was too long ago: then it
   * calls nothing, and the caller copies all
   */
  follow({ inflight, journal }: Counts, set: (index: number, count: number) => void): boolean {
    const known =
      this.#inflight === inflight && this.#journal === journal && journal?.remembers(this.#seen) === true;
    if (known) for (let i = this.#seen; i < journal.count; i++) set(journal.at(i), inflight[journal.at(i)]!);
    this.#inflight = inflight;
    this.#journal = journal;
    this.#seen = journal?.count ?? 0;
    return known;
  }

  /** Forgets what it followed: the next call copies all. */
  lose(): void {
    this.#inflight = undefined;
  }
}
