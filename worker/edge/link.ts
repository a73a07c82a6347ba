import type { Env } from "../env.ts";

/** How an edge reaches the coordinator: the binding of the same deployment, or another process. */
export interface Link {
  /** `path` under the coordinator's own interface, `/beat`. Rejects when it cannot be reached. */
  call(
    path: string,
    init: { method?: string; body?: string; headers?: Record<string, string> },
  ): Promise<Response>;
}

/** Where a coordinator process serves its edges; needs the shared secret. */
export const INTERNAL = "/_mooring/internal";

/** Undefined when this deployment has no coordinator at all: then the bundled config is all there is. */
export function coordinatorLink(env: Env): Link | undefined {
  const { COORDINATOR: namespace, MOORING_COORDINATOR_URL: url } = env;
  if (url !== undefined && url !== "") return remote(url, env.MOORING_SHARED_SECRET ?? "");
  if (namespace === undefined) return undefined;
  return {
    call: (path, init) =>
      namespace.get(namespace.idFromName("main")).fetch(`http://coordinator${path}`, init),
  };
}

function remote(url: string, secret: string): Link {
  const base = url.replace(/\/$/, "") + INTERNAL;
  return {
    call: (path, { method, body, headers }) =>
      fetch(base + path, {
        method: method ?? "GET",
        body: body ?? null,
        headers: { ...headers, authorization: `Bearer ${secret}` },
      }),
  };
}

/** Sends to one shard of the embedded binding store: by binding, or through the coordinator's process. */
export function shardSender(env: Env): ((shard: number, body: string) => Promise<Response>) | undefined {
  const { STORE: namespace, MOORING_COORDINATOR_URL: url } = env;
  const init = (body: string) => ({ method: "POST", body, headers: { "content-type": "application/json" } });
  if (url !== undefined && url !== "") {
    const link = remote(url, env.MOORING_SHARED_SECRET ?? "");
    return (shard, body) => link.call(`/store/${shard}`, init(body));
  }
  if (namespace === undefined) return undefined;
  return (shard, body) =>
    namespace.get(namespace.idFromName(`shard-${shard}`)).fetch("http://store/", init(body));
}
