import { addressText } from "../model/cidr.ts";
import * as z from "../model/zod.ts";
import { addressKey } from "./client-ip.ts";
import { cookieValue, unquoted } from "./cookie-value.ts";
import { readCookieName, readHeaderName, readQueryName, timeout } from "./keyed.ts";
import { Fault, issueText, reading } from "./option.ts";
import { queryValue } from "./query.ts";
import type { AffinitySource, Asked, KeyedOptions } from "./source.ts";

/** One thing that is read; `client-ip` stands for itself. */
type Part =
  | { readonly header: string }
  | { readonly query: string }
  | { readonly cookie: string }
  | { readonly "client-ip": true };

export type HashOptions = KeyedOptions & { readonly of: readonly Part[] };

const part = z.union([
  z.strictObject({ header: reading(readHeaderName) }),
  z.strictObject({ query: reading(readQueryName) }),
  z.strictObject({ cookie: reading(readCookieName) }),
  z.pipe(
    z.literal("client-ip"),
    z.transform(() => ({ "client-ip": true as const })),
  ),
]);

const options = z.pipe(
  z.transform((input: unknown) => (Array.isArray(input) ? { of: input } : input)),
  z.strictObject({ of: z.array(part).check(z.minLength(1), z.maxLength(8)), timeout }).check(
    z.superRefine(({ of }, context) => {
      const texts = of.map((item) => JSON.stringify(item));
      const again = texts.findIndex((text, i) => texts.indexOf(text) < i);
      if (again < 0) return;
      const message = issueText(new Fault("this part stands here twice", "leave one out"));
      context.addIssue({ code: "custom", message, path: ["of", again], input: undefined });
    }),
  ),
);

/**
 * Several things together are the key. A part that a request lacks counts as empty; with none of them there is no key.
 * Parts are joined with their lengths, so that no value can reach over into the next.
 */
export const hash: AffinitySource<HashOptions> = {
  name: "hash",
  summary: "Several of header, query, cookie and client-ip together.",
  carrier: "key",
  options: options as unknown as z.ZodMiniType<HashOptions>,
  label: ({ of }) => `hash ${JSON.stringify(of)}`,
  key: (asked, { of }) => {
    let any = false;
    let key = "";
    for (const item of of) {
      const value = valueIn(asked, item);
      if (value !== undefined) any = true;
      key += `${value?.length ?? "-"}:${value ?? ""}`;
    }
    return any ? key : undefined;
  },
  address: ({ of }) => of.some((item) => "client-ip" in item),
  placing: (asked, { of }) => of.flatMap((item) => placed(asked, item) ?? []),
};

/** As Envoy reads it: a cookie without its quotes, an address whole. */
function placed(asked: Asked, item: Part): string | undefined {
  if ("client-ip" in item) return addressText(asked.ip);
  const value = valueIn(asked, item);
  return value !== undefined && "cookie" in item ? unquoted(value) : value;
}

function valueIn({ headers, query, ip }: Asked, item: Part): string | undefined {
  if ("header" in item) return headers.get(item.header)?.trim() || undefined;
  if ("query" in item) return queryValue(query, item.query);
  if ("cookie" in item) return cookieValue(headers.get("cookie"), item.cookie);
  return ip === undefined ? undefined : addressKey(ip);
}
