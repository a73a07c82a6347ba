import { named, readQueryName } from "./keyed.ts";
import type { AffinitySource, KeyedOptions } from "./source.ts";

export type QueryOptions = KeyedOptions & { readonly name: string };

/**
 * A parameter of the query is the key. Raw: neither name nor value are decoded, and of duplicates the first counts; an
 * empty value is none.
 */
export const query: AffinitySource<QueryOptions> = {
  name: "query",
  summary: "The value of a query parameter.",
  carrier: "key",
  options: named(readQueryName),
  label: ({ name }) => `query ${name}`,
  key: ({ query }, { name }) => queryValue(query, name),
};

/** @param query without its question mark */
export function queryValue(query: string, name: string): string | undefined {
  const key = `${name}=`;
  for (let at = query.indexOf(key); at >= 0; at = query.indexOf(key, at + key.length)) {
    if (at > 0 && query[at - 1] !== "&") continue;
    const end = query.indexOf("&", at);
    return query.slice(at + key.length, end < 0 ? query.length : end) || undefined;
  }
  return undefined;
}
