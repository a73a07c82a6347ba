import { affinity } from "./affinity.ts";
import { balance } from "./balance.ts";
import type { AnnotationFeature } from "./settings.ts";
import { tries } from "./tries.ts";

/** The registry of ingress-nginx's annotations that are about pools. Those of canaries are about routes. */
export const annotationFeatures: readonly AnnotationFeature[] = [affinity, balance, tries];
