import type { KubernetesObject } from "../object.ts";
import type { Annotations } from "./annotations.ts";

/** What an Ingress says of the pools that it leads to, in native config. */
export type Settings = Readonly<Record<string, unknown>>;

/**
 * A group of ingress-nginx's annotations: one file here, one line in index.ts, one file of goldens. Reads them once for
 * each Ingress, and tells what has no effect.
 *
 * @returns keys of a native pool; those of an earlier line in the registry go before
 */
export interface AnnotationFeature {
  readonly name: string;
  read(annotations: Annotations, object: KubernetesObject): Settings;
}
