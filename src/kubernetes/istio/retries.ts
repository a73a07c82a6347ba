import { Fault, shown } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { bool, int, type Read, text } from "../read.ts";
import { duration, spelt } from "./read.ts";

/** Retries of a route, as far as an edge has them. */
export interface Retries {
  readonly attempts: number;
  /** Undefined: on what a pool has, which is connect. */
  readonly on: readonly ("connect" | "timeout")[] | undefined;
  /** `timeouts.headers` in native config. */
  readonly perTry: string | undefined;
  /** Where retryOn stands. */
  readonly field: Field;
}

const HOUR = 3_600_000;
/** What a condition of Envoy comes to, and whether there is more to it than that. */
const CONDITIONS: Readonly<Record<string, readonly [on: readonly ("connect" | "timeout")[], more: boolean]>> =
  {
    "connect-failure": [["connect"], false],
    "refused-stream": [["connect"], false],
    reset: [["connect", "timeout"], true],
    "reset-before-request": [["connect"], false],
    "5xx": [["connect", "timeout"], true],
    "gateway-error": [["connect", "timeout"], true],
  };
/** Others that Istio takes: answers of pods, and what only gRPC has. */
const OTHERS = [
  "retriable-4xx",
  "retriable-status-codes",
  "retriable-headers",
  "envoy-ratelimited",
  "http3-post-connect-failure",
  "cancelled",
  "deadline-exceeded",
  "internal",
  "resource-exhausted",
  "unavailable",
];

/** A condition of Envoy's by its name. */
export const condition: Read<string> = (value) => {
  const word = text(value);
  if (word instanceof Fault || Object.hasOwn(CONDITIONS, word) || OTHERS.includes(word)) return word;
  return new Fault(
    `${shown(word)} is no condition of retries`,
    "write connect-failure, reset, 5xx or another of Envoy's",
  );
};

const conditions: Read<string[]> = (value) => {
  const written = text(value);
  if (written instanceof Fault) return written;
  const words = written.split(",").map((word) => word.trim());
  const known = words.filter(Boolean);
  const read = known.map((word) => (/^[1-5]\d\d$/.test(word) ? word : condition(word)));
  return read.find((one) => one instanceof Fault) ?? known;
};

/** `retries` of a route; undefined where it says nothing. Attempts beside the first one: none turn them off. */
export function readRetries(field: Field): Retries | undefined {
  if (!field.present) return undefined;
  const count = field.at("attempts");
  // One that is refused is not 0.
  const attempts = count.read(int(0, 2 ** 31 - 1)) ?? Number(count.present);
  const tried = field.at("perTryTimeout");
  const time = tried.read(duration(1));
  const on = field.at("retryOn").value === "" ? undefined : field.at("retryOn").read(conditions);
  field.at("retryOn").take();
  const remote = field.at("retryRemoteLocalities");
  if (attempts === 0 && (tried.present || on !== undefined || remote.present))
    field.refuse(
      new Fault("attempts are 0, so nothing is tried again", "write attempts, or leave out all else"),
    );
  remote.read(bool);
  remote.ignore("a retry goes to any pod of the pool");
  field.at("retryIgnorePreviousHosts").read(bool);
  field
    .at("retryIgnorePreviousHosts")
    .ignore("a new session is tried at another pod, and a bound one moves once");
  field.at("backoff").read(duration(1));
  field.at("backoff").ignore("what could not connect is tried again at once");
  if (attempts === 0) field.take();
  else
    field.tell(
      "changed",
      "POST, PATCH and requests with a body are not tried again, unless native config says so",
    );
  if (attempts > 4) count.tell("changed", "a request is tried 5 times at most");
  return {
    attempts: Math.min(attempts + 1, 5),
    on: on === undefined ? undefined : mapped(on, field.at("retryOn")),
    perTry: time === undefined ? undefined : spelt(tried, time, 100, HOUR),
    field: field.at("retryOn"),
  };
}

/** What is tried again here of what Envoy would try again; the rest is told. */
export function mapped(words: readonly string[], field: Field): ("connect" | "timeout")[] {
  const known = words.flatMap((word) => (Object.hasOwn(CONDITIONS, word) ? [CONDITIONS[word]!] : []));
  const lost = words.filter((word) => !Object.hasOwn(CONDITIONS, word) || CONDITIONS[word]![1]);
  if (lost.length > 0)
    field.tell(
      "changed",
      `${lost.join(", ").slice(0, 200)}: an answer of a pod is the answer, and what broke off is not tried elsewhere`,
    );
  return [...new Set(known.flatMap(([on]) => on))];
}
