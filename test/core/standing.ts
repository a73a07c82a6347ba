import type { OutView } from "../../src/core/core.ts";

let versions = 0;

/** How pods stand when those named are out; each call has a version of its own. */
export function standing(
  pods: readonly { id: string; weight: number }[],
  ...out: readonly string[]
): OutView {
  const set = new Set(out);
  versions++;
  return {
    out: Uint8Array.from(pods, ({ id }) => (set.has(id) ? 1 : 0)),
    live: pods.filter(({ id, weight }) => weight > 0 && !set.has(id)).length,
    version: versions,
  };
}
