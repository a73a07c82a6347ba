/** What a balancer may know of who sends a request. */
export interface Sender {
  readonly address: string;
  /** Names the connection that the request comes over. */
  readonly connection: string;
}

/** One way to tie a user to a pod, as a pool's `affinity` and what a request must bring for it. */
export interface Kind {
  readonly text: string;
  readonly affinity: readonly unknown[];
  /** Headers over those that every request has. */
  readonly headers: (sender: Sender) => Readonly<Record<string, string>>;
}

/** Names the connection: the edge's own would end with each of its own clients here. */
const CONNECTION = "x-connection";

/** Every kind by its name, which is also that of its pool, and the first label of its host. */
export const KINDS = {
  none: {
    text: "No stickiness: each request goes to any pod",
    affinity: ["none"],
    headers: () => ({}),
  },
  connection: {
    text: "No stickiness, but a connection stays with its pod, as where kube-proxy or a TCP balancer chooses",
    affinity: [{ header: { name: CONNECTION, timeout: "1h" } }],
    headers: ({ connection }) => ({ [CONNECTION]: connection }),
  },
  "client-ip": {
    text: "By the client's address, for three hours, as `sessionAffinity: ClientIP` of a Service",
    affinity: [{ "client-ip": { timeout: "3h" } }],
    headers: () => ({}),
  },
  cookie: {
    text: "By the edge's cookie",
    affinity: [{ cookie: { idle: "30m", absolute: "12h" } }],
    headers: () => ({}),
  },
} as const satisfies Readonly<Record<string, Kind>>;

export type KindName = keyof typeof KINDS;

export const NAMES = Object.keys(KINDS) as KindName[];

export function hostOf(kind: KindName): string {
  return `${kind}.test`;
}

/**
 * The config under which the same pods serve every kind at once, each by a host and a pool of its own. Each has the
 * default policy: who begins is placed by a hash, of the key where there is one, so that nothing but stickiness tells them apart.
 */
export function configOf(
  kinds: readonly KindName[],
  pods: readonly { readonly id: string; readonly url: string }[],
  probe: string,
  idle?: string,
) {
  const pool = (kind: KindName) => ({
    pods,
    affinity:
      kind === "cookie" && idle !== undefined ? [{ cookie: { idle, absolute: "7d" } }] : KINDS[kind].affinity,
    health: { readiness: { path: "/ready", period: probe } },
  });
  return {
    version: 1,
    trustedProxies: ["127.0.0.1"],
    pools: Object.fromEntries(kinds.map((kind) => [kind, pool(kind)])),
    routes: kinds.map((kind) => ({ host: hostOf(kind), path: "/", pool: kind })),
  };
}
