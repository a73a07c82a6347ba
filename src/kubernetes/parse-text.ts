import { bounded } from "../config/diagnostic.ts";
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
  const read = readDocuments(text, isKubernetes);
  if ("errors" in read) return { ok: false, errors: bounded(read.errors) };
  const { documents } = read;
  if (documents.length === 1 && !documents[0]!.foreign) return validate(documents[0]!.value, own);
  const placed = documents.map(({ value, foreign, line }, i) => ({
    value,
    foreign,
    place: documents.length === 1 ? "document" : `document ${i + 1} (line ${line})`,
  }));
  const native = placed.filter(({ foreign }) => !foreign);
  return parsePlaced(
    native,
    placed.filter(({ foreign }) => foreign),
    own,
  );
}

/** The same of values: of native documents, and of Kubernetes objects, or lists of them. */
export function parsePlaced(native: readonly Placed[], objects: readonly Placed[], own?: Own): Validated {
  const translated = translate(native, objects);
  if ("errors" in translated) return { ok: false, errors: bounded(translated.errors) };
  const { document, notices, origins } = translated;
  const validated = validate(document, own);
  if (validated.ok) return { ...validated, notices: boundedNotices([...notices, ...validated.notices]) };
  const errors = validated.errors.map((error) => {
    const [part = ""] = /^(?:pools\.[\w-]+|routes\[\d+\])/.exec(error.path) ?? [];
    const origin = origins.get(part);
    return origin === undefined ? error : { ...error, path: `${origin}: ${error.path}` };
  });
  return { ok: false, errors };
}
