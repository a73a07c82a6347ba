/** The store answered something that it never may. The caller goes on without the store. */
export class AnswerError extends Error {
  override readonly name = "AnswerError";

  constructor(expected: string, answer: unknown) {
    const shown = typeof answer === "string" ? JSON.stringify(answer.slice(0, 40)) : typeof answer;
    super(`the store answered ${answer === null ? "null" : shown}, not ${expected}`);
  }
}

export function asInteger(answer: unknown): number {
  if (typeof answer !== "number" || !Number.isSafeInteger(answer) || answer < 0) {
    throw new AnswerError("a count", answer);
  }
  return answer;
}

export function asText(answer: unknown): string {
  if (typeof answer !== "string") throw new AnswerError("a string", answer);
  return answer;
}

export function asTextOrNull(answer: unknown): string | null {
  return answer === null ? null : asText(answer);
}

export function asNull(answer: unknown): null {
  if (answer !== null) throw new AnswerError("null", answer);
  return answer;
}

/** An array; of exactly `length` items, when given. */
export function asList(answer: unknown, length?: number): readonly unknown[] {
  if (!Array.isArray(answer) || (length !== undefined && answer.length !== length)) {
    throw new AnswerError(length === undefined ? "a list" : `a list of ${length}`, answer);
  }
  return answer;
}

export function asOk(answer: unknown): "OK" {
  if (answer !== "OK") throw new AnswerError("OK", answer);
  return answer;
}
