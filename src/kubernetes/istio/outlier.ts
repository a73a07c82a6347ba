import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { bool, int } from "../read.ts";
import { duration, spelt, within } from "./read.ts";

/** What outlierDetection says of a pool's `health`. */
export interface Outlier {
  readonly outlier: Readonly<Record<string, unknown>>;
  /** A percent: below it all hosts are asked again, and 0 means never, as Istio sets Envoy's healthy_panic_threshold. */
  readonly panic: string;
  readonly field: Field;
}

const HOUR = 3_600_000;
const MOST = 4_294_967_295;

/** outlierDetection with Istio's defaults, which are Envoy's. */
export function readOutlier(field: Field): Outlier {
  const errors = (name: string, key: string) => {
    const at = field.at(name);
    const count = at.read(int(0, MOST));
    return count === undefined ? {} : { [key]: within(at, count, 0, 1000) };
  };
  const time = (name: string, key: string, most: number) => {
    const at = field.at(name);
    const found = at.read(duration(1));
    return found === undefined ? {} : { [key]: spelt(at, found, 1000, most) };
  };
  const split = field.at("splitExternalLocalOriginErrors").read(bool) === true;
  const local = field.at("consecutiveLocalOriginFailures");
  const failures = local.read(int(0, MOST)) ?? 0;
  if (failures > 0 && !split)
    local.refuse(
      new Fault(
        "has no effect without splitExternalLocalOriginErrors",
        "write splitExternalLocalOriginErrors: true, or leave it out",
      ),
    );
  else local.ignore("failed connections and time-outs count with all other errors");
  if (split)
    field
      .at("splitExternalLocalOriginErrors")
      .ignore("failed connections and time-outs count with all other errors");
  field
    .at("consecutiveErrors")
    .ignore("Istio itself reads it no more: write consecutive5xxErrors or consecutiveGatewayErrors");
  // Unset and 0 are the same to Istio, and leave Envoy its 10.
  const most = field.at("maxEjectionPercent").read(int(0, 100)) || 10;
  const least = field.at("minHealthPercent").read(int(0, 100)) ?? 0;
  return {
    outlier: {
      ...errors("consecutive5xxErrors", "consecutive5xx"),
      ...errors("consecutiveGatewayErrors", "consecutiveGatewayErrors"),
      ...time("interval", "interval", HOUR),
      ...time("baseEjectionTime", "baseEjection", 24 * HOUR),
      maxEjection: `${most}%`,
      ...(least === 0 ? {} : { minHealth: `${least}%` }),
    },
    panic: `${least}%`,
    field,
  };
}
