/** A key of a pool that is taken, but not acted on. */
export interface Inactive {
  /** Below the pool; `[]` stands for every item of a list. */
  readonly path: string;
  /** The values for which nothing is missing. */
  readonly fine?: (value: unknown) => boolean;
}

/** What this version takes without acting on it. A change that acts on a key deletes its line. */
export const INACTIVE: readonly Inactive[] = [];
