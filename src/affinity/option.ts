import * as z from "../model/zod.ts";

/** Why a value is refused, and what to write instead. A value, not an exception: config errors are collected. */
export class Fault {
  readonly message: string;
  readonly hint: string;

  constructor(message: string, hint: string) {
    this.message = message;
    this.hint = hint;
  }
}

/** The one text that a schema's issue has room for: message and hint on two lines, which the config takes apart. */
export function issueText(fault: Fault): string {
  return `${fault.message}\n${fault.hint}`;
}

/** A value as an error may show it: quoted, without line breaks, never long. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}

/**
 * A schema of a text that `read` turns into a value, or refuses.
 *
 * @param wanted what to ask for when the value is no text at all: `a duration in quotes, "30m"`
 */
export function reading<T>(read: (text: string) => T | Fault, wanted?: string): z.ZodMiniType<T> {
  const text = wanted === undefined ? z.string() : z.string({ error: ({ input }) => ask(wanted, input) });
  return z.pipe(
    text,
    z.transform((input: string, context): T => {
      const value = read(input);
      if (!(value instanceof Fault)) return value;
      context.issues.push({ code: "custom", message: issueText(value), input });
      return z.NEVER;
    }),
  ) as unknown as z.ZodMiniType<T>;
}

/** Undefined leaves the words to the config's own error map. */
function ask(wanted: string, input: unknown): string | undefined {
  if (typeof input !== "number" && typeof input !== "boolean") return undefined;
  return issueText(new Fault(`expected ${wanted}, got ${input}`, `write ${wanted}`));
}
