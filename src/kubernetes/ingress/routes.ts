import type { Draft } from "../draft.ts";
import { poolName } from "../draft.ts";
import type { Place } from "./place.ts";

/** The native route of a place, a split where it has a canary. */
export function addRoute(draft: Draft, place: Place, regexHosts: ReadonlySet<string>): void {
  const { host, path, type, ingress, canary } = place;
  const pool = poolName(place.ref);
  const regex = regexHosts.has(host) && path !== "/";
  const pathType = regex ? "regex" : type === "Exact" ? "exact" : undefined;
  if (!regex && type === "ImplementationSpecific" && path !== "/")
    place.field
      .at("path")
      .tell("changed", "a prefix is one of whole segments here: /a matches /a/b, not /ab");
  const native: Record<string, unknown> = {
    ...(host === "*" ? {} : { host }),
    path,
    ...(pathType === undefined ? {} : { pathType }),
    ...(canary === undefined ? { pool } : splitOf(place, pool)),
  };
  // A location without affinity, of a backend that has it, keeps sessions and begins none.
  const cookie = JSON.stringify(place.pool?.native.affinity ?? "").includes('"ingressNginx"');
  if (cookie && ingress.settings.affinity === undefined) native.issue = false;
  draft.addRoute(native, ingress.object);
}

function splitOf({ canary }: Place, primary: string): Record<string, unknown> {
  const { place, rule } = canary!;
  const pool = poolName(place.ref);
  const overrides = rule.rules.map(({ fits, canary }) => ({ ...fits, pool: canary ? pool : primary }));
  return {
    split: { [primary]: rule.total - rule.weight, [pool]: rule.weight },
    ...(overrides.length === 0 ? {} : { overrides }),
    ...(rule.sticky === "primary" ? { sticky: "primary" } : {}),
  };
}
