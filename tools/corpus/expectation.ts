/** What a document must come to. */
export interface Expected {
  /** Refused; each of these begins the path of an error. */
  readonly refused?: readonly string[];
  /** Parts that the native config must have: of maps these keys, of lists all of it. */
  readonly config?: object;
  /** Each must be the begin of a notice, `level object: path`. */
  readonly notices?: readonly string[];
}

/** By the file's name in the corpus. */
export type Expectations = Readonly<Record<string, Expected>>;

export const cookie = (options: object) => ({ affinity: [{ cookie: options }] });
export const pool = (name: string, native: object) => ({ pools: { [name]: native } });
