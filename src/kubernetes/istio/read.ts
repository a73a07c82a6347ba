import { formatDuration } from "../../config/duration.ts";
import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { goDuration, type Read } from "../read.ts";

/** A duration as Istio takes it: whole milliseconds, one at least (or none at all) → milliseconds. */
export function duration(least: 0 | 1): Read<number> {
  return (value) => {
    const found = goDuration(value);
    if (found instanceof Fault) return found;
    // A sum of decimal fractions is a little off.
    const whole = Math.round(found);
    if (Math.abs(found - whole) < 1e-6 && whole >= least) return whole;
    return new Fault(`must be whole milliseconds, and ${least} at least`, 'write "1s" or "250ms"');
  };
}

/** A number, both bounds included. */
export function number(least: number, most: number): Read<number> {
  return (value) => {
    if (typeof value === "number" && value >= least && value <= most) return value;
    const bounds = most === Number.POSITIVE_INFINITY ? `${least} or more` : `from ${least} to ${most}`;
    return new Fault(`expected a number ${bounds}`, `write a number ${bounds}`);
  };
}

/**
 * Milliseconds in the words of native config; what is over or under its bounds is the bound, which is told.
 *
 * @param field where they stand
 */
export function spelt(field: Field, found: number, least: number, most: number): string {
  return formatDuration(within(field, found, least, most, formatDuration));
}

/** The nearest number within bounds of native config, and a notice where it is another one. */
export function within(
  field: Field,
  found: number,
  least: number,
  most: number,
  show: (bound: number) => string = String,
): number {
  const taken = Math.min(most, Math.max(least, found));
  if (taken !== found)
    field.tell("changed", `${show(taken)} is the ${taken === least ? "least" : "most"} here`);
  return taken;
}

/** Names of keys of which one may stand; undefined and an error where several do. */
export function onlyOne(field: Field, names: readonly string[]): string | undefined {
  const there = names.filter((name) => field.at(name).present);
  if (there.length < 2) return there[0];
  const message = `${there.join(" and ")} exclude each other`;
  return field.refuse(new Fault(message, "leave all but one of them out"));
}
