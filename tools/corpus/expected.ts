import type { Expectations } from "./expectation.ts";
import { CORE } from "./expected/core.ts";
import { GATEWAY } from "./expected/gateway.ts";
import { INGRESS } from "./expected/ingress.ts";
import { ISTIO } from "./expected/istio.ts";

/** Documents that are not named here must not crash, and are taken unless the index says that they are refused. */
export const EXPECTED: Expectations = { ...INGRESS, ...ISTIO, ...GATEWAY, ...CORE };
