import type { Field } from "../field.ts";
import type { KubernetesObject } from "../object.ts";
import { text } from "../read.ts";
import { type Backend, readBackend } from "./backend.ts";
import { readFilters } from "./filters.ts";
import { ALL, type Asked, identityOf, readMatch } from "./match.ts";
import { type Persistence, readPersistence } from "./persistence.ts";
import { type Retry, readRetry, readTimeouts, type Timeouts } from "./retry.ts";

/** A rule of an HTTPRoute as it is written. */
export interface Rule {
  readonly field: Field;
  readonly name: string | undefined;
  /** What stays the same when rules change places: the name, else the first match; `#2` for the second of one. */
  readonly key: string;
  /** One native route for each; none: no request fits. */
  readonly asked: readonly Asked[];
  /** Empty: its requests get 500. */
  readonly backends: readonly Backend[];
  readonly persistence: Persistence | undefined;
  readonly timeouts: Timeouts;
  readonly retry: Retry | undefined;
}

export function readRule(field: Field, object: KubernetesObject, before: readonly Rule[]): Rule {
  const at = field.at("name");
  const name = at.value === "" ? undefined : at.read(text);
  at.take();
  const matches = field.at("matches");
  const items = matches.items();
  const read = items.length === 0 ? [ALL] : items.map(readMatch);
  if (items.length === 0) matches.take();
  const passable = readFilters(field.at("filters"));
  const refs = field.at("backendRefs");
  const backends = refs.items().map((item) => readBackend(item, object));
  if (backends.length === 0) refs.take();
  if (backends.length === 0 && passable) field.tell("invalid", "it has no backendRefs: its requests get 500");
  // By what it means: the API server writes its defaults into what was applied without them.
  const base = name ?? (read[0] === undefined ? JSON.stringify(items[0]?.value) : identityOf(read[0]));
  const alike = before.filter(({ key }) => key.replace(/#\d+$/, "") === base).length;
  return {
    field,
    name,
    key: alike === 0 ? base : `${base}#${alike + 1}`,
    asked: read.flatMap((one) => one ?? []),
    backends: passable ? backends : [],
    persistence: readPersistence(field.at("sessionPersistence")),
    timeouts: readTimeouts(field.at("timeouts")),
    retry: readRetry(field.at("retry")),
  };
}
