import { readTrafficPolicy } from "../envoy/traffic-policy.ts";
import type { Feature } from "../feature.ts";

/** gateway.envoyproxy.io BackendTrafficPolicy of Envoy Gateway: what the rules of its targets balance by. */
export const backendTrafficPolicy: Feature = {
  types: ["gateway.envoyproxy.io/BackendTrafficPolicy"],
  read: readTrafficPolicy,
};
