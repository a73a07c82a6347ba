import { formatDuration } from "../../config/duration.ts";
import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { gatewayDuration } from "../gateway/duration.ts";
import { headerName } from "../gateway/persistence.ts";
import { type Hash, primeSize, queryName } from "../istio/consistent-hash.ts";
import { attributesOf, cookieName, cookiePath } from "../istio/cookie-key.ts";
import { within } from "../istio/read.ts";
import { oneOf, type Read } from "../read.ts";

const MOST_COOKIE = 400 * 86_400_000;
/** Parts that native `hash` takes. */
const MOST_PARTS = 8;
const TYPES = ["SourceIP", "Header", "Headers", "Cookie", "QueryParams"] as const;
/** What is written for a type; the others must not be. */
const WRITTEN = {
  Header: "header",
  Headers: "headers",
  Cookie: "cookie",
  QueryParams: "queryParams",
} as const;

/** consistentHash of Envoy Gateway: always Envoy's Maglev table. */
export function readHash(field: Field): Hash | undefined {
  const at = field.at("type");
  const type = at.read(oneOf(...TYPES));
  if (type === undefined && (!at.present || at.value === ""))
    at.refuse(new Fault("is missing", `write one of ${TYPES.join(", ")}`));
  const size = field.at("tableSize").read(primeSize);
  const policy = size === undefined ? "maglev" : { maglev: { tableSize: size } };
  for (const [other, key] of Object.entries(WRITTEN)) {
    const one = field.at(key);
    if (type === other && !one.present) one.refuse(new Fault("is missing", `type ${type} needs it`));
    if (type !== other && type !== undefined && one.present)
      one.refuse(new Fault(`is not for type ${type}`, "leave it out, or write the other type"));
  }
  switch (type) {
    case "SourceIP":
      return { policy, affinity: [{ "client-ip": {} }] };
    case "Header":
      return { policy, affinity: together(field.at("header"), [field.at("header")], "header", headerName) };
    case "Headers":
      return {
        policy,
        affinity: together(field.at("headers"), field.at("headers").items(), "header", headerName),
      };
    case "QueryParams":
      return {
        policy,
        affinity: together(field.at("queryParams"), field.at("queryParams").items(), "query", queryName),
      };
    case "Cookie":
      return { policy, affinity: cookieOf(field.at("cookie")) };
    default:
      return undefined;
  }
}

/** Several things together are one key. */
function together(
  list: Field,
  items: readonly Field[],
  source: "header" | "query",
  read: Read<string>,
): readonly unknown[] | undefined {
  const names = new Set<string>();
  for (const item of items) {
    const name = named(item, read);
    if (name !== undefined && names.has(name))
      item.at("name").notice("invalid", "it stands here already, and counts once");
    else if (name !== undefined) names.add(name);
  }
  if (items.length === 0 && list.present) list.refuse(new Fault("is empty", "name what to hash"));
  if (names.size > MOST_PARTS)
    list.refuse(new Fault(`has ${names.size} names`, `write at most ${MOST_PARTS}`));
  const parts = [...names].map((name) => ({ [source]: name }));
  if (parts.length === 0) return undefined;
  return parts.length === 1 ? parts : [{ hash: parts }];
}

function named(field: Field, read: Read<string>): string | undefined {
  const at = field.at("name");
  if (field.present && !at.present) at.refuse(new Fault("is missing", "write the name of what to hash"));
  const name = at.read(read);
  return name !== undefined && read === headerName ? name.toLowerCase() : name;
}

/** Without a ttl Envoy makes no cookie, with 0s one without Max-Age. */
function cookieOf(field: Field): readonly unknown[] | undefined {
  const name = named(field, cookieName);
  const at = field.at("ttl");
  const ttl = at.read(gatewayDuration);
  const entries = field.at("attributes").entries();
  const [path] = entries.flatMap(([key, value]) =>
    key.toLowerCase() === "path" ? (value.read(cookiePath) ?? []) : [],
  );
  const others = entries.filter(([key]) => key.toLowerCase() !== "path");
  const attributes = attributesOf(others.map(([key, value]) => ({ name: key, value, field: value })));
  field.at("attributes").take();
  if (name === undefined) return undefined;
  const options = {
    name,
    ...(ttl === undefined ? {} : { ttl: formatDuration(within(at, ttl, 0, MOST_COOKIE, formatDuration)) }),
    ...(path === undefined ? {} : { path }),
    ...attributes,
  };
  return [{ "cookie-key": options }];
}
