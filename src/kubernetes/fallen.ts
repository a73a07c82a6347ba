import type { Field } from "./field.ts";

/** A route of an object. */
interface Routed {
  readonly host: string;
  /** It takes all paths, whatever else stands in a request. */
  readonly whole: boolean;
  /** Where the object says its hosts. */
  readonly field: Field;
}

/**
 * Hosts without a route for all: what is left falls through to a wider host, as with native routes (decision 7).
 *
 * @param there what becomes of such requests with the controller that the objects are for
 */
export function tellFallen(routed: readonly Routed[], there: string): void {
  const whole = new Set(routed.flatMap((one) => (one.whole ? one.host : [])));
  const hosts = new Map(routed.map(({ host, field }) => [host, field]));
  for (const [host, field] of hosts) {
    const wider = widerThan(host).find((other) => hosts.has(other));
    if (wider === undefined || whole.has(host)) continue;
    const paths = `${host}: requests that none of its paths match`;
    field.tell("changed", `${paths} go to ${wider}; ${there}`);
  }
}

/** Less specific hosts that hold a host, the nearest first. */
function widerThan(host: string): string[] {
  if (host === "*") return [];
  const labels = host.replace("*.", "").split(".").slice(0, 128);
  return [...labels.slice(1).map((_, i) => `*.${labels.slice(i + 1).join(".")}`), "*"];
}
