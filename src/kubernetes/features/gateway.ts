import type { Feature } from "../feature.ts";
import { readGateway } from "../gateway/listeners.ts";

/** gateway.networking.k8s.io Gateway: the hosts that its listeners take. */
export const gateway: Feature = { types: ["gateway.networking.k8s.io/Gateway"], read: readGateway };
