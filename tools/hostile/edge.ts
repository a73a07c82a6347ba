import { startWorkerd, type Workerd } from "../serve/workerd.ts";

/** One edge alone, with a pool of one pod that may take its time over nothing. */
export function startEdge(bundleDir: string, pod: string): Promise<Workerd> {
  const pools = { web: { pods: [{ id: "web-0", url: pod }], timeouts: { headers: "2s" } } };
  return startWorkerd({
    role: "edge",
    port: 0,
    bundleDir,
    env: {
      MOORING_SECRET: "a-secret-for-hostile-requests-of-32-bytes",
      MOORING_CONFIG: JSON.stringify({ version: 1, pools, routes: [{ path: "/", pool: "web" }] }),
    },
    log: () => undefined,
  });
}
