import { KINDS, type Kind, type Told, type Value } from "./catalog.ts";

/** Characters of a text that are told; what follows is cut. */
const LONGEST = 4000;

/** An event as JSON has it: the same members in the log, at GET /events and in its stream. */
export type EventRecord = Readonly<Record<string, Value>>;

/** The members of an event: when, what, and its keys in their order, of which a caller's more are none. */
export function recordOf({ at, kind, fields }: Told): EventRecord {
  const { severity, message, keys }: Kind = KINDS[kind];
  const given = fields as EventRecord;
  const own = keys.map((key): [string, Value] => [key, bounded(given[key] ?? null)]);
  return { at, severity, kind, message, ...Object.fromEntries(own) };
}

function bounded(value: Value): Value {
  return typeof value === "string" && value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value;
}

/** One line of JSON: what terminals or viewers of logs might take for an end of line, or for no character, is escaped. */
export function jsonLine(record: object): string {
  return JSON.stringify(record).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, escaped);
}

function escaped(text: string): string {
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** URLs, and addresses with or without a port: of a pod they are nobody's business, and of a store they may hold a secret. */
const PLACES =
  /\b[a-z][a-z0-9+.-]*:\/\/[^\s"'`<>]+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b|\[[0-9a-f]*:[0-9a-f:.]+\](?::\d+)?/gi;

/** What an error says, without the places that it names. */
export function errorText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(PLACES, "(address)");
}

/** The same with where it was thrown: for what is a bug. */
export function stackText(error: unknown): string {
  return error instanceof Error
    ? (error.stack ?? error.message).replace(PLACES, "(address)")
    : errorText(error);
}
