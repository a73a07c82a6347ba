import type { Core, Envoy, Host } from "../core/core.ts";
import { addressOf, type Pod } from "../model/pod.ts";
import { warm } from "./by.ts";
import type { Picker } from "./policy.ts";

/**
 * A picker by what Envoy makes of its hosts. Without a key, and without what `by` looks for, chance decides, as there; a pod
 * that is out leaves its keys to the next ones, where Envoy would make the whole anew.
 */
export function envoyPicker(
  pods: readonly Pod[],
  core: Core,
  build: (hosts: readonly Host[]) => Envoy,
): Picker {
  const hosts = build(pods.map((pod) => ({ id: pod.id, address: addressOf(pod), weight: pod.weight })));
  return {
    pick({ key, by }, standing) {
      const text = by || key;
      const bytes = by && /[\x80-\xff]/.test(by) ? Uint8Array.from(by, (c) => c.charCodeAt(0)) : text;
      return standing.slow === undefined
        ? hosts.find(bytes, standing)
        : warm(pods, core.hash(text), standing, standing.slow, (left) => hosts.find(bytes, left));
    },
    free: () => hosts.free(),
  };
}
