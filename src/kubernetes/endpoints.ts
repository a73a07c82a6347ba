import type { Cluster, Endpoint, Service, ServicePort } from "./cluster.ts";

interface Placed {
  readonly endpoint: Endpoint;
  readonly port: number;
}

/** A pod of native config. */
interface NativePod {
  readonly id: string;
  readonly url: string;
  readonly weight?: 0;
  readonly zone?: string;
}

/**
 * The pods of a Service's port: of its EndpointSlices, else of its Endpoints, else of the Pods that it selects; each
 * ip:port once, in the order of the documents. Ready ones take sessions; when none is ready, those that serve until they
 * are gone. The others keep their sessions and get no new ones.
 *
 * @param only those whose pod has this name; undefined: all
 * @returns `hinted`: every ready one says for whose zone it is, which is then its zone
 */
export function podsOf(
  cluster: Cluster,
  service: Service,
  port: ServicePort,
  only?: (pod: string | undefined) => boolean,
): { list: NativePod[]; hinted: boolean } {
  const found = new Map<string, Placed>();
  for (const placed of placedOf(cluster, service, port)) {
    if (only?.(placed.endpoint.pod) === false) continue;
    const authority = `${placed.endpoint.address}:${placed.port}`;
    const known = found.get(authority);
    // In two slices at once it moves from one to the other: the better word counts.
    if (known === undefined || (!known.endpoint.ready && placed.endpoint.ready)) found.set(authority, placed);
  }
  const ready = [...found.values()].filter(({ endpoint }) => endpoint.ready);
  const hinted = ready.length > 0 && ready.every(({ endpoint }) => endpoint.hints.length > 0);
  const ids = new Set<string>();
  const list = [...found].map(([authority, { endpoint }]): NativePod => {
    const { pod, hints, serving, terminating } = endpoint;
    // A pod with two addresses is two here: the first has its name.
    const id = pod === undefined || ids.has(pod) ? authority : pod;
    ids.add(id);
    const admits = endpoint.ready || (ready.length === 0 && serving && terminating);
    const own = endpoint.zone;
    const zone = hinted && hints.length > 0 && (own === undefined || !hints.includes(own)) ? hints[0] : own;
    return {
      id,
      url: `${port.scheme}://${authority}`,
      ...(admits ? {} : { weight: 0 as const }),
      ...(zone === undefined ? {} : { zone }),
    };
  });
  return { list, hinted };
}

/** Whether anything in the documents gives the port an address. */
export function hasEndpoints(cluster: Cluster, service: Service, port: ServicePort): boolean {
  return placedOf(cluster, service, port).length > 0;
}

function placedOf(cluster: Cluster, service: Service, port: ServicePort): Placed[] {
  const key = `${service.namespace}/${service.name}`;
  const groups = cluster.slices.get(key) ?? cluster.endpoints.get(key);
  if (groups !== undefined) {
    return groups.flatMap(({ ports, endpoints }) =>
      // By name alone: the number is the pod's own.
      ports
        .filter(({ name }) => name === port.name)
        .flatMap((one) => endpoints.map((endpoint) => ({ endpoint, port: one.port }))),
    );
  }
  return cluster.pods.of(service).flatMap(({ containers, endpoints }) => {
    const number =
      typeof port.target === "number"
        ? port.target
        : containers.map(({ ports }) => ports.get(port.target as string)).find((one) => one !== undefined);
    if (number === undefined) return [];
    return endpoints.map((endpoint) => ({
      endpoint: service.unready ? { ...endpoint, ready: true } : endpoint,
      port: number,
    }));
  });
}
