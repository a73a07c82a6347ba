import { bounded } from "./diagnostic.ts";
import { readDocument } from "./document.ts";
import { type Own, type Validated, validate } from "./validate.ts";

/**
 * A text of YAML or JSON → the config, or every error at once. Never throws.
 *
 * @param own the edge's own address, where it is known
 */
export function parseConfig(text: string, own?: Own): Validated {
  const read = readDocument(text);
  return "errors" in read ? { ok: false, errors: bounded(read.errors) } : validate(read.document, own);
}
