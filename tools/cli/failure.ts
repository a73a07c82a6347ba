/** Exit codes, so that scripts can tell what to do next. */
export const CODES = {
  /** The command was done, and its answer is no: a replay that leads elsewhere, sessions that are left. */
  no: 1,
  usage: 2,
  unreachable: 3,
  token: 4,
  /** Another revision, or a state that does not allow it. */
  conflict: 5,
  /** What was sent is not valid, or names what is not there. */
  invalid: 6,
  server: 7,
} as const;

/** An error whose message is all that the user needs. */
export class Failure extends Error {
  readonly code: number;

  constructor(code: keyof typeof CODES, message: string) {
    super(message);
    this.code = CODES[code];
  }
}
