import type { Feature } from "../feature.ts";
import { backendLbPolicy } from "./backend-lb-policy.ts";
import { backendTrafficPolicy } from "./backend-traffic-policy.ts";
import { destinationRule } from "./destination-rule.ts";
import { endpointSlice } from "./endpoint-slice.ts";
import { endpoints } from "./endpoints.ts";
import { gateway } from "./gateway.ts";
import { httpRoute } from "./http-route.ts";
import { ingress } from "./ingress.ts";
import { persistentSession } from "./persistent-session.ts";
import { pod } from "./pod.ts";
import { referenceGrant } from "./reference-grant.ts";
import { service } from "./service.ts";
import { virtualService } from "./virtual-service.ts";
import { workload } from "./workload.ts";

/**
 * The registry: a kind is its file and its line here. They apply in this order: what routes comes before the Services, which
 * make pools of what is left, those before what says more of pools, and that before what only tells what became of it.
 */
export const features: readonly Feature[] = [
  gateway,
  referenceGrant,
  backendTrafficPolicy,
  ingress,
  virtualService,
  httpRoute,
  service,
  backendLbPolicy,
  destinationRule,
  persistentSession,
  endpointSlice,
  endpoints,
  pod,
  workload,
];
