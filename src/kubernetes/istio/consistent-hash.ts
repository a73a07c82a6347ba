import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { bool, int, type Read, text } from "../read.ts";
import { readCookieKey } from "./cookie-key.ts";
import { onlyOne, within } from "./read.ts";

/** Which pod a request goes to by what of it, in native config. */
export interface Hash {
  readonly policy: unknown;
  /** Undefined: nothing of it, so each goes by chance. */
  readonly affinity: readonly unknown[] | undefined;
}

/** Envoy's most points of a ring, and what the slots of a Maglev table are below. */
const MOST_RING = 8_388_608;
const BOUND = 5_000_011;
const KEYS = ["httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"];
const ALGORITHMS = ["ringHash", "maglev"];

/** consistentHash: one key, and Envoy's ring or its Maglev table. */
export function readHash(field: Field): Hash | undefined {
  const policy = policyOf(field);
  const key = onlyOne(field, KEYS);
  if (key === undefined) {
    if (!KEYS.some((name) => field.at(name).present))
      field.refuse(new Fault("says nothing to hash", `write one of ${KEYS.join(", ")}`));
    return undefined;
  }
  return { policy, affinity: affinityOf(field.at(key), key) };
}

function affinityOf(field: Field, key: string): readonly unknown[] | undefined {
  if (key === "httpCookie") {
    const options = readCookieKey(field);
    return options === undefined ? undefined : [{ "cookie-key": options }];
  }
  if (key === "useSourceIp") {
    if (field.read(bool) === true) return [{ "client-ip": {} }];
    field.tell("invalid", "false hashes nothing: each request goes by chance");
    return undefined;
  }
  const header = key === "httpHeaderName";
  const name = field.read(header ? headerName : queryName);
  return name === undefined ? undefined : [header ? { header: name } : { query: name }];
}

function policyOf(field: Field): unknown {
  const old = field.at("minimumRingSize");
  const size = old.read(int(0, Number.MAX_SAFE_INTEGER)) ?? 0;
  const algorithm = onlyOne(field, ALGORITHMS);
  if (size > 0 && ALGORITHMS.some((name) => field.at(name).present))
    old.refuse(new Fault("excludes ringHash and maglev", "write ringHash: { minimumRingSize } alone"));
  if (algorithm === "maglev") return maglevOf(field.at("maglev"));
  const at = algorithm === undefined ? old : field.at("ringHash", "minimumRingSize");
  const least = algorithm === undefined ? size : (at.read(int(0, Number.MAX_SAFE_INTEGER)) ?? 0);
  field.at("ringHash").take();
  return least === 0 ? "ring-hash" : { "ring-hash": { minimumRingSize: within(at, least, 1, MOST_RING) } };
}

function maglevOf(field: Field): unknown {
  const size = field.at("tableSize").read(primeSize);
  field.take();
  return size === undefined ? "maglev" : { maglev: { tableSize: size } };
}

/** Slots of a Maglev table of Envoy's. */
export const primeSize: Read<number> = (value) =>
  typeof value === "number" && value < BOUND && isPrime(value)
    ? value
    : new Fault(`expected a prime below ${BOUND}`, "write one such as 65537");

function isPrime(value: number): boolean {
  if (!Number.isInteger(value) || value < 2) return false;
  let divisor = 2;
  while (divisor * divisor <= value && value % divisor !== 0) divisor++;
  return divisor * divisor > value;
}

const headerName: Read<string> = (value) => {
  const name = text(value);
  if (name === ":authority") return "host";
  if (name instanceof Fault || /^[\w!#$%&'*+.^`|~-]{1,128}$/.test(name)) return name;
  return new Fault("expected the name of a header", "use letters, digits and dashes");
};

export const queryName: Read<string> = (value) => {
  const name = text(value);
  if (name instanceof Fault || /^[\w.~!$'()*,;:@/?%[\]-]{1,128}$/.test(name)) return name;
  return new Fault(
    "expected the name of a query parameter",
    "write it as it stands in the URL, percent-encoded where it must be",
  );
};
