/** Why a pattern is refused, and what to write instead. */
export class PatternFault extends Error {
  readonly hint: string;

  constructor(message: string, hint: string) {
    super(message);
    this.hint = hint;
  }
}
