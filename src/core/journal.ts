const SIZE = 1024;

/**
 * Which places of an array were written last, for those who keep a copy of it: whoever writes notes it, and a
 * {@link Follower} reads only that. Noting costs two stores, whether anybody follows or not.
 */
export class Journal {
  /** The last 1,024; the n-th that was ever noted stands at n modulo 1,024. */
  readonly ring: Uint32Array = new Uint32Array(SIZE);
  /** How many were noted ever. */
  count = 0;

  note(index: number): void {
    this.ring[this.count & (SIZE - 1)] = index;
    this.count++;
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
    const seen = this.#seen;
    if (
      journal === undefined ||
      inflight !== this.#inflight ||
      journal !== this.#journal ||
      journal.count - seen > SIZE
    ) {
      this.#inflight = inflight;
      this.#journal = journal;
      this.#seen = journal?.count ?? 0;
      return false;
    }
    const { count, ring } = journal;
    this.#seen = count;
    for (let i = seen; i < count; i++) {
      const index = ring[i & (SIZE - 1)]!;
      set(index, inflight[index]!);
    }
    return true;
  }

  /** Forgets what it followed: the next call copies all. */
  lose(): void {
    this.#inflight = undefined;
  }
}
