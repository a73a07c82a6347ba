import { Fault, shown } from "../config/fault.ts";

/** A value as it is written → what it means, or why it is refused. */
export type Read<T> = (value: unknown) => T | Fault;

function got(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  return typeof value === "string" ? shown(value) : String(value);
}

/** A fault of a value that is of another kind. */
export function wanted(what: string, value: unknown, hint = `write ${what}`): Fault {
  return new Fault(`expected ${what}, got ${got(value)}`, hint);
}

export const text: Read<string> = (value) =>
  typeof value === "string" ? value : wanted("a text", value, "put the value in quotes");

export const bool: Read<boolean> = (value) =>
  typeof value === "boolean" ? value : wanted("true or false", value);

/** A whole number, both bounds included. */
export function int(least: number, most: number): Read<number> {
  return (value) =>
    typeof value === "number" && Number.isInteger(value) && value >= least && value <= most
      ? value
      : wanted(`a whole number from ${least} to ${most}`, value);
}

/** One of some words; an empty one is none, as to the API server. */
export function oneOf<const T extends string>(...names: T[]): Read<T | undefined> {
  return (value) => {
    if (value === "") return undefined;
    return names.includes(value as T) ? (value as T) : wanted(`one of ${names.join(", ")}`, value);
  };
}

export const port = int(1, 65_535);

/** What a port is called within its pod (IANA_SVC_NAME, RFC 6335). */
export const portName: Read<string> = (value) =>
  typeof value === "string" && /^(?=.*[a-z])(?!.*--)[a-z0-9](?:[a-z0-9-]{0,13}[a-z0-9])?$/.test(value)
    ? value
    : wanted("the name of a port", value, "use 1–15 lower-case letters, digits and dashes");

/** What a port of a Service is called (RFC 1123). */
export const label: Read<string> = (value) =>
  typeof value === "string" && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(value)
    ? value
    : wanted("a name", value, "use 1–63 lower-case letters, digits and dashes");

/** What a subset of Istio is called: as a label of DNS, but capitals count (IsDNS1123Label of its validation). */
export const subsetName: Read<string> = (value) =>
  typeof value === "string" && /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i.test(value)
    ? value
    : wanted("a name", value, "use 1–63 letters, digits and dashes");

/** A number or a name of a port (IntOrString). */
export const portRef: Read<number | string> = (value) =>
  typeof value === "number" ? port(value) : portName(value);

const UNITS = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, μs: 1e-3, ns: 1e-6 };

/** A duration as Go's time.ParseDuration reads it, without a sign: `1h30m`, `1.5s` → milliseconds. */
export const goDuration: Read<number> = (value) => {
  const fault = wanted('a duration such as "1h30m" or "1.5s"', value);
  if (value === "0") return 0;
  if (
    typeof value !== "string" ||
    !/^(?:(?:\d{1,12}(?:\.\d{0,9})?|\.\d{1,9})(?:h|ms|m|s|us|µs|μs|ns))+$/.test(value)
  )
    return fault;
  let sum = 0;
  for (const [, count, unit] of value.matchAll(/([\d.]+)([a-zµμ]+)/g))
    sum += Number(count) * UNITS[unit as keyof typeof UNITS];
  return sum;
};
