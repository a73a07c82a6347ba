import { type Binding, CAUSES, type Cause, type Sid } from "../../src/model/binding.ts";
import { tagFromHex, tagToHex } from "../../src/model/pod.ts";

/** The largest epoch that fits the four bytes of a token. */
export const MAX_EPOCH = 0xffffffff;

/** By which route a session came, as a value may hold it. */
export const VIA = /^[a-z0-9.@*/:_-]{1,512}$/;

const VALUE =
  /^([0-9]{1,10})\|([0-9a-f]{12})\|([0-9a-f]{12})\|([AR])\|([a-z0-9-]{0,32})\|([0-9]{1,15})\|([0-9]{1,15})(?:\|(.+))?$/;

/** The key of a binding in Redis. */
export function bindingKey(sid: Sid): string {
  return `mooring:s:${sid}`;
}

/** Throws a TypeError for anything that is not 32 lower-case hex digits: it would become part of a key. */
export function checkSid(sid: Sid): Sid {
  if (typeof sid !== "string" || !/^[0-9a-f]{32}$/.test(sid))
    throw new TypeError("a sid is 32 lower-case hex digits");
  return sid;
}

/** A name of a cause as the store has it. One that a later version added is unknown here, but the epoch still counts. */
export function causeFrom(name: string): Cause | "" {
  return CAUSES.find((cause) => cause === name) ?? "";
}

/**
 * `epoch|pod|home|state|cause|created|exp|via`, pods as 12 hex digits, times in whole milliseconds. Versions that did not
 * say by which route a session came ended before that bar, and so does what does not know it.
 */
export function encodeBinding(binding: Binding): string {
  const { epoch, pod, home, state, cause, created, exp, via } = binding;
  const value = joinValue([epoch, tagToHex(pod), tagToHex(home), state, cause, created, exp], via);
  // What could not be read back would count as absent, and let an older token repair the store to its own epoch.
  if (parseBinding(binding.sid, value) === undefined) throw new TypeError(`not a binding: ${value}`);
  return value;
}

/** The parts of a value before the last bar, and what is behind it. */
export function joinValue(parts: readonly (string | number)[], via: string): string {
  return (via === "" ? parts : [...parts, via]).join("|");
}

/** Inverse of {@link encodeBinding}; undefined for anything that does not parse whole, which counts as absent. */
export function parseBinding(sid: Sid, value: string): Binding | undefined {
  const parts = VALUE.exec(value);
  if (parts === null) return undefined;
  const epoch = Number(parts[1]);
  const via = parts[8] ?? "";
  if (epoch < 1 || epoch > MAX_EPOCH || (via !== "" && !VIA.test(via))) return undefined;
  return {
    sid,
    epoch,
    pod: tagFromHex(parts[2]!),
    home: tagFromHex(parts[3]!),
    state: parts[4] === "A" ? "A" : "R",
    cause: causeFrom(parts[5]!),
    created: Number(parts[6]),
    exp: Number(parts[7]),
    via,
  };
}
