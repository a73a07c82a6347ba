/** A Service by name. */
export interface ServiceRef {
  readonly namespace: string;
  readonly service: string;
}

const LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const SHORT = new RegExp(`^${LABEL}$`);
const FULL = new RegExp(`^(${LABEL})\\.(${LABEL})\\.svc\\.cluster\\.local\\.?$`);

/**
 * The Service that a host of Istio names: one without a dot is in the object's own namespace, and a whole name of the
 * cluster's domain says its own. Undefined for wildcards and all else, `reviews.prod` too, as in Istio.
 */
export function serviceOf(host: string, namespace: string): ServiceRef | undefined {
  if (SHORT.test(host)) return { namespace, service: host };
  const [, service, own] = FULL.exec(host) ?? [];
  return service === undefined || own === undefined ? undefined : { namespace: own, service };
}

/** The names that a Service has in the cluster, the whole one first. */
export function namesOf({ namespace, service }: ServiceRef): string[] {
  const name = `${service}.${namespace}`;
  return [`${name}.svc.cluster.local`, `${name}.svc`, name];
}

export const keyOf = ({ namespace, service }: ServiceRef): string => `${namespace}/${service}`;
