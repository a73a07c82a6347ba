import type { Feature } from "../feature.ts";
import { readGrant } from "../gateway/grant.ts";

/** gateway.networking.k8s.io ReferenceGrant: which HTTPRoutes may lead to Services of another namespace. */
export const referenceGrant: Feature = {
  types: ["gateway.networking.k8s.io/ReferenceGrant"],
  read: readGrant,
};
