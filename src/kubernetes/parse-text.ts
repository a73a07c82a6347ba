import { bounded, type Diagnostic } from "../config/diagnostic.ts";
import { readDocuments } from "../config/document.ts";
import { type Own, type Validated, validate } from "../config/validate.ts";
import { isKubernetes } from "./flatten.ts";
import type { Placed } from "./object.ts";
import { boundedNotices } from "./report.ts";
import { translate } from "./translate.ts";

/**
 * A text of native config, of Kubernetes objects or of both, in YAML or JSON → the config, or every error at once. A native
 * document by itself is what it was. Never throws.
 *
 * @param own the edge's own address, where it is known
 */
export function parseText(text: string, own?: Own): Validated {
  return parseTexts([{ name: "", text }], own);
}

/**
 * The same of several texts, which are one config together; by their names it is said where something stands.
 *
 * @param beside Kubernetes objects, or lists of them, that are values already: however long they would be as a text
 */
export function parseTexts(
  texts: readonly { readonly name: string; readonly text: string }[],
  own?: Own,
  beside: readonly Placed[] = [],
): Validated {
  const native: Placed[] = [];
  const objects = [...beside];
  const errors: Diagnostic[] = [];
  for (const { name, text } of texts) {
    const read = readDocuments(text, isKubernetes);
    if ("errors" in read) {
      errors.push(...read.errors.map((error) => (name === "" ? error : { ...error, path: name })));
      continue;
    }
    read.documents.forEach(({ value, foreign, line }, i) => {
      const place = `${name} document ${i + 1}, line ${line}`.trimStart();
      (foreign ? objects : native).push({ value, place });
    });
  }
  if (errors.length > 0) return { ok: false, errors: bounded(errors) };
  if (objects.length === 0 && native.length === 1) return validate(native[0]!.value, own);
  return parsePlaced(native, objects, own);
}

/** The same of values: of native documents, and of Kubernetes objects, or lists of them. */
export function parsePlaced(native: readonly Placed[], objects: readonly Placed[], own?: Own): Validated {
  const translated = translate(native, objects);
  if ("errors" in translated) return { ok: false, errors: bounded(translated.errors) };
  const { document, notices, origins } = translated;
  const validated = validate(document, own);
  if (validated.ok) return { ...validated, notices: boundedNotices([...notices, ...validated.notices]) };
  const errors = validated.errors.map((error) => {
    const [part = "", whole = ""] = /^(pools\.[\w-]+|routes\[\d+\])(?:\.\w+)?/.exec(error.path) ?? [];
    const origin = origins.get(part) ?? origins.get(whole);
    return origin === undefined ? error : { ...error, path: `${origin}: ${error.path}` };
  });
  return { ok: false, errors };
}
