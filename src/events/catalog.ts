import type { Cause } from "../model/binding.ts";

/** What a value of an event may be; null where there is nothing to say. Text is a name of config, or words of ours. */
export type Value = string | number | boolean | null;

/**
 * What is worth a line, as data: the log, GET /events, their document and the manual are all made of this, so that a thing has
 * one name wherever it is read. Neither a secret nor the address of a pod is in any of them.
 */
export interface Kind {
  /** I: as it should be. W: something is away, and it goes on without it. E: somebody has to look. */
  readonly severity: "I" | "W" | "E";
  readonly message: string;
  /** In the order in which they are written. */
  readonly keys: readonly string[];
  /** Who tells: the coordinator for the fleet, which GET /events has, an edge for itself, in its own log alone, or both. */
  readonly by: "coordinator" | "edge" | "both";
  readonly help: string;
}

const kind =
  (severity: Kind["severity"], by: Kind["by"]) =>
  <const K extends readonly string[]>(message: string, keys: K, help: string) => ({
    severity,
    message,
    keys,
    by,
    help,
  });
const fleet = kind("I", "coordinator");
const both = kind("I", "both");
const coordinatorWarns = kind("W", "coordinator");
const coordinatorFails = kind("E", "coordinator");
const edgeWarns = kind("W", "edge");
const edgeFails = kind("E", "edge");

const ALERT = ["rule", "pool", "value", "threshold"] as const;

export const KINDS = {
  "session-rebound": both(
    "Rebound session",
    ["pool", "from", "to", "cause", "sid", "epoch"],
    "A session changed its pod: an entry of the ledger. `from` is empty where who told first did not know it.",
  ),
  "session-ended": both(
    "Ended session",
    ["pool", "from", "cause", "sid", "epoch"],
    "A session ended: an entry of the ledger whose `to` is empty.",
  ),
  "health-changed": fleet(
    "Health changed",
    ["pool", "pod", "check", "state"],
    "A probe of a pod flipped, or all edges together ejected it or let it in again (`ejection`).",
  ),
  "order-given": fleet(
    "Order given",
    ["pool", "pod", "state", "deadline", "who"],
    "An operator drains, disables or takes back a pod, or all of a pool (`pod` is empty).",
  ),
  "deadline-passed": fleet(
    "Deadline passed",
    ["pool", "pod", "state", "who"],
    "A drain is over (`drained`, `retired`): its sessions move with their next requests.",
  ),
  "weight-given": fleet(
    "Weight given",
    ["pool", "pod", "weight", "who"],
    "An operator gave a pod, or a side of splits (`pod` is empty), another weight; null takes it back.",
  ),
  "config-applied": fleet("Config applied", ["revision", "who"], "A config is in force."),
  "config-refused": coordinatorFails(
    "Config not valid",
    ["who", "error"],
    "What came with the deployment is no config, and is not in force.",
  ),
  "config-unusable": coordinatorFails(
    "Stored config not in force",
    ["error"],
    "This version does not take what another one had stored: PUT a config that it takes.",
  ),
  "rebalance-began": fleet("Rebalance began", ["pool", "rate", "target", "who"], "Idle sessions move."),
  "rebalance-ended": fleet(
    "Rebalance ended",
    ["pool", "state", "moved", "why"],
    "It is `done` or was `stopped`.",
  ),
  "rebalance-failed": coordinatorFails("Rebalance failed", ["error"], "A turn of it failed; it goes on."),
  "alert-pending": fleet("Alert pending", ALERT, "A rule holds, and has not held long enough."),
  "alert-firing": kind("W", "coordinator")("Alert firing", ALERT, "A rule fires."),
  "alert-resolved": fleet("Alert resolved", ALERT, "A rule does not hold any more."),
  "webhook-failed": coordinatorWarns(
    "Alert webhook failed",
    ["error", "try", "over"],
    "It is told again later, unless it is over.",
  ),
  "snapshot-unread": coordinatorWarns("Snapshot key not read", ["error"], "The store was away at a start."),
  "snapshot-unwritten": coordinatorWarns(
    "Snapshot key not written",
    ["error"],
    "The store was away at a change of config; it is tried again.",
  ),
  "audit-unwritten": coordinatorFails(
    "Audit not written",
    ["error"],
    "A change was made, and its entry goes on saying that it may have been.",
  ),
  "stream-dropped": coordinatorWarns(
    "Stream dropped",
    ["after", "error"],
    "A client of GET /events did not read, and may resume.",
  ),
  "events-unkept": coordinatorFails(
    "Events not kept",
    ["error"],
    "The disk does not take them: they are in the log alone.",
  ),
  "setting-refused": kind("E", "both")(
    "Setting not valid",
    ["name", "error"],
    "A variable of the deployment is passed over.",
  ),
  "admin-call": kind("I", "edge")(
    "Admin call",
    ["client", "scope", "method", "path", "status"],
    "What was changed, or refused for its token.",
  ),
  "heartbeat-failed": edgeWarns(
    "Heartbeat failed",
    ["error"],
    "The coordinator was not reached; traffic goes on.",
  ),
  "cold-start-failed": edgeWarns(
    "Cold start failed",
    ["error"],
    "One place had no config for an isolate that began, and the next one is asked.",
  ),
  "coordinator-failed": edgeFails(
    "Coordinator failed",
    ["status", "method", "path"],
    "It answered a call with an error; its own log says why.",
  ),
  "coordinator-unreachable": edgeFails(
    "Coordinator not reached",
    ["error"],
    "A call of the admin API was refused.",
  ),
  "store-unread": edgeWarns("Store not read", ["call", "error"], "A call of the admin API needed it."),
  "view-late": edgeWarns(
    "View not refreshed",
    ["after", "error"],
    "A change was made, and this edge hears of it later.",
  ),
  bug: edgeFails("Bug", ["where", "error"], "Nothing should throw; a request was answered 500."),
} satisfies Record<string, Kind>;

export type KindName = keyof typeof KINDS;
/** What an event of a kind says; all of its keys, and no other. */
export type Fields<K extends KindName> = K extends KindName
  ? { readonly [Key in (typeof KINDS)[K]["keys"][number]]: Key extends "cause" ? Cause : Value }
  : never;

/** Something that happened, once. `at` in milliseconds since the epoch. */
export type Told<K extends KindName = KindName> = K extends KindName
  ? { readonly at: number; readonly kind: K; readonly fields: Fields<K> }
  : never;

/** How parts tell what happened; `at` is now unless it is given. */
export type Tell = <K extends KindName>(kind: K, fields: Fields<K>, at?: number) => void;

/** The kinds that the coordinator tells: those of GET /events. */
export const FLEET_KINDS = (Object.keys(KINDS) as KindName[]).filter((name) => KINDS[name].by !== "edge");
