import type { ListedPod } from "../../tools/fleet/fleet.ts";

/** A config of two pools: `web` of all pods but the last, at `/`, and `lone` of the last, at `/lone`. */
export function twoPools(pods: readonly ListedPod[]) {
  return {
    version: 1,
    pools: { web: { pods: pods.slice(0, -1) }, lone: { pods: pods.slice(-1) } },
    routes: [
      { path: "/", pool: "web" },
      { path: "/lone", pool: "lone" },
    ],
  };
}
