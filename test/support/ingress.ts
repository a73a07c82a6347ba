import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const PREFIX = "nginx.ingress.kubernetes.io/";

/** Pods at loopback, one server each, which answer their id; what they saw last is kept. */
export async function startBackends(ids: readonly string[]) {
  const servers: Server[] = [];
  const ports = new Map<string, number>();
  const seen: { id: string; headers: IncomingHttpHeaders }[] = [];
  for (const id of ids) {
    const server = createServer((request, response) => {
      seen.push({ id, headers: request.headers });
      response.end(id);
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.set(id, (server.address() as AddressInfo).port);
  }
  return {
    seen,
    authority: (id: string) => `127.0.0.1:${ports.get(id)}`,
    /** A Service of port 80 with these pods, each a slice of its own, as loopback has one address. */
    service: (name: string, pods: readonly string[]) => [
      {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace: "shop" },
        spec: { ports: [{ name: "http", port: 80, targetPort: 8080 }] },
      },
      ...pods.map((pod) => ({
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        metadata: {
          name: `${name}-${pod}`,
          namespace: "shop",
          labels: { "kubernetes.io/service-name": name },
        },
        addressType: "IPv4",
        ports: [{ name: "http", port: ports.get(pod) }],
        endpoints: [{ addresses: ["127.0.0.1"], targetRef: { kind: "Pod", name: pod } }],
      })),
    ],
    stop: () => {
      for (const server of servers) {
        server.close();
        server.closeAllConnections();
      }
    },
  };
}

/** A path of an Ingress and its Service; its type is Prefix unless it says so. */
export type PathTo = readonly [path: string, service: string, type?: string];

/** An Ingress whose annotations are written without their prefix. */
export function ingressOf(
  name: string,
  host: string | undefined,
  paths: readonly PathTo[],
  annotations: Readonly<Record<string, string>> = {},
) {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "Ingress",
    metadata: {
      name,
      namespace: "shop",
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [PREFIX + key, value]),
      ),
    },
    spec: {
      rules: [
        {
          ...(host === undefined ? {} : { host }),
          http: {
            paths: paths.map(([path, service, pathType = "Prefix"]) => ({
              path,
              pathType,
              backend: { service: { name: service, port: { number: 80 } } },
            })),
          },
        },
      ],
    },
  };
}
