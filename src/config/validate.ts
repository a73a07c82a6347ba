import { bounded, type Diagnostic, diagnose } from "./diagnostic.ts";
import { explain } from "./explain.ts";
import { inspect } from "./limits.ts";
import type { Notice } from "./notice.ts";
import { noticesOf } from "./notices.ts";
import { references } from "./references.ts";
import { type Config, schema, toConfig } from "./schema.ts";

/** A config that may be served, or every error that it has (at most 1,000 are told). */
export type Validated =
  | {
      readonly ok: true;
      /** The native document as it was written: what GET answers, and may be PUT again unchanged. */
      readonly document: unknown;
      readonly config: Config;
      readonly notices: Notice[];
    }
  | { readonly ok: false; readonly errors: Diagnostic[] };

/** The edge's own address, where it is known: no pod may be there. */
export interface Own {
  /** `host[:port]` */
  readonly authority: string;
}

/** Checks a native document, however it was made: read from a text, or translated. */
export function validate(document: unknown, own?: Own): Validated {
  const limit = inspect(document);
  if (limit !== undefined) return { ok: false, errors: [limit] };
  const parsed = schema.safeParse(document, { error: explain });
  const errors = [
    ...(parsed.success ? [] : diagnose(parsed.error.issues)),
    ...references(document, own?.authority),
  ];
  if (!parsed.success || errors.length > 0) return { ok: false, errors: bounded(errors) };
  const config = toConfig(parsed.data);
  return { ok: true, document, config, notices: noticesOf(document, config) };
}
