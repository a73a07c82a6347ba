import type { Feature } from "../feature.ts";
import { destinationRule } from "./destination-rule.ts";
import { endpointSlice } from "./endpoint-slice.ts";
import { endpoints } from "./endpoints.ts";
import { ingress } from "./ingress.ts";
import { persistentSession } from "./persistent-session.ts";
import { pod } from "./pod.ts";
import { service } from "./service.ts";
import { virtualService } from "./virtual-service.ts";
import { workload } from "./workload.ts";

/**
 * The registry: a kind is its file and its line here. They apply in this order: what routes comes before the Services, which
 * make pools of what is left, those before what says more of pools, and that before what only tells what became of it.
 */
export const features: readonly Feature[] = [
  ingress,
  virtualService,
  service,
  destinationRule,
  persistentSession,
  endpointSlice,
  endpoints,
  pod,
  workload,
];
