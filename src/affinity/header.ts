import { named, readHeaderName } from "./keyed.ts";
import type { AffinitySource, KeyedOptions } from "./source.ts";

export type HeaderOptions = KeyedOptions & { readonly name: string };

/** A header of the request is the key, such as a user or tenant that a gateway in front has put there. */
export const header: AffinitySource<HeaderOptions> = {
  name: "header",
  summary: "The value of a request header.",
  carrier: "key",
  options: named(readHeaderName),
  label: ({ name }) => `header ${name}`,
  key: ({ headers }, { name }) => headers.get(name)?.trim() || undefined,
};
