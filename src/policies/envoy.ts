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
      const what =
        by === undefined || by.length === 0 ? key : typeof by === "string" ? bytes(by) : by.map(bytes);
      if (standing.slow === undefined) return hosts.find(what, standing);
      const text = typeof by === "string" ? by : by?.join("\n");
      return warm(pods, core.hash(text || key), standing, standing.slow, (left) => hosts.find(what, left));
    },
    free: () => hosts.free(),
  };
}

/** A text in which each character is a byte, so that no encoder takes it for text. */
function bytes(text: string): string | Uint8Array {
  return /[\x80-\xff]/.test(text) ? Uint8Array.from(text, (c) => c.charCodeAt(0)) : text;
}
