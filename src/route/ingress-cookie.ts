import type { IngressCookieOptions } from "../affinity/ingress-cookie.ts";
import type { Core, Ketama } from "../core/core.ts";
import { md5 } from "../core/md5.ts";
import { addressOf } from "../model/pod.ts";
import type { Scope } from "../model/snapshot.ts";
import { rejoin } from "../sessions/cookie.ts";
import { TOKEN_LENGTH } from "../sessions/token.ts";
import type { PodRuntime, PoolRuntime } from "./pods.ts";

/** What a live cookie of ingress-nginx says. */
export interface Live {
  /** What its pod is found by. */
  readonly key: string;
  /** Whether no other client has it: one of persistent mode is that of all who are on its pod. */
  readonly own: boolean;
  /** The pool whose backend it names; undefined: none of this scope. */
  readonly pool: PoolRuntime | undefined;
}

/** The live cookies of one scope. */
export interface LiveCookies {
  read(header: string | null, now: number): Live | undefined;
  podOf(pool: PoolRuntime, key: string): PodRuntime | undefined;
  /** Gives the memory of rings back. */
  free(): void;
}

/** `time.pid.random`, as balanced mode makes them. */
const OWN = /^\d+\.[\d.]+$/;
const OURS = new RegExp(`^[\\w-]{${TOKEN_LENGTH}}$`);

/**
 * Reads cookies and finds pods as ingress-nginx did, with nothing of its own to go by: whoever sends a cookie may choose its
 * pod by that. What it needs of pools and pods is made when the first one comes.
 *
 * @param pools those of the scope, the primary first
 */
export function liveCookies(
  name: string,
  options: IngressCookieOptions,
  scope: Pick<Scope, "pools">,
  pools: readonly PoolRuntime[],
  core: Core,
): LiveCookies {
  const { mode, until = Number.POSITIVE_INFINITY } = options;
  const backends = pools.map(({ pool }, i) => (i === 0 ? options.backend : options.canary[pool.name]));
  const rings: Ketama[] = [];
  const finders = new Map<PoolRuntime, (key: string) => number>();
  let keys: Map<string, PoolRuntime> | undefined;
  const poolOf = (backendKey: string) => {
    keys ??= new Map(backends.flatMap((text, i) => (text === undefined ? [] : [[keyOf(text), pools[i]!]])));
    return keys.get(backendKey);
  };
  const balanced = (at: number) => {
    // As the config has them: what an operator says of weights is no concern of ingress-nginx, which knows none.
    const pods = scope.pools[at]!.pods.map((pod) => ({
      id: addressOf(pod),
      weight: Math.min(1, pod.weight),
    }));
    const ring = core.ketama(pods);
    rings.push(ring);
    return (key: string) => ring.find(key);
  };
  const persistent = (at: number) => {
    const named = new Map(pools[at]!.pods.map(({ pod }) => [md5(backends[at] + addressOf(pod)), pod.index]));
    return (key: string) => named.get(key) ?? -1;
  };
  return {
    read(header, now) {
      if (header === null || now >= until) return undefined;
      const value = lastOf(header, `${name}=`);
      // One of ours that did not open is no live cookie: who held it begins anew, by the pool's policy.
      if (OURS.test(value)) return undefined;
      const [key, backendKey = ""] = value.split("|").filter((part) => part !== "");
      if (key === undefined) return undefined;
      return { key, own: mode === "balanced" && OWN.test(key), pool: poolOf(backendKey) };
    },
    podOf(pool, key) {
      let find = finders.get(pool);
      if (find === undefined) {
        find = (mode === "balanced" ? balanced : persistent)(pools.indexOf(pool));
        finders.set(pool, find);
      }
      return pool.pods[find(key)];
    },
    free() {
      for (const ring of rings) ring.free();
    },
  };
}

/** How a cookie names the backend that issued it. */
function keyOf(backend: string): string {
  return md5(md5(backend) + backend);
}

/** Of several the last counts, which is that of the shortest path; only `;` separates, a blank ends, nothing is decoded. */
function lastOf(header: string, key: string): string {
  let last = "";
  for (const pair of rejoin(header).split(";")) {
    const text = pair.replace(/^[ \t]+/, "");
    if (text.startsWith(key)) last = text.slice(key.length).split(/[ \t]/, 1)[0]!;
  }
  return last;
}
