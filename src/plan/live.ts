import type { Notice } from "../config/notice.ts";
import { addressOf, type PodTag } from "../model/pod.ts";
import type { PoolRuntime } from "../route/pods.ts";
import type { ScopeRuntime, View } from "../route/view.ts";

/** Cookies that are tried of each scope; the same in every plan. */
const COOKIES = 2000;

/**
 * What a config would do to clients that still hold a cookie of ingress-nginx, of whom no store knows: the share of such
 * cookies that would lead to another pod than now.
 */
export function liveNotices(before: View, after: View): Notice[] {
  return before.scopes.flatMap((scope): Notice[] => {
    const live = scope.live;
    if (live === undefined) return [];
    const next = after.scopes.find((other) => other.scope.id === scope.scope.id);
    const share =
      scope.cookie!.options.ingressNginx?.mode === "balanced" ? ofKeys(scope, next) : ofPods(scope, next);
    if (share === 0) return [];
    const message = `${(100 * share).toFixed(1)} % of the live cookies of ingress-nginx would lead to another pod than now`;
    return [{ level: "changed", object: `pools.${scope.scope.id}`, path: "affinity", message }];
  });
}

/** Of keys as balanced mode makes them, `time.process.random`. */
function ofKeys(scope: ScopeRuntime, next: ScopeRuntime | undefined): number {
  const tagOf = (of: ScopeRuntime | undefined, key: string): PodTag | undefined => {
    const pool = of?.pools[0];
    return pool && of?.live?.podOf(pool, key)?.pod.tag;
  };
  let moved = 0;
  for (let i = 0; i < COOKIES; i++) {
    const key = `17${(i * 48_271) % 99_999_989}.${i % 97}.${(i * 69_621) % 999_983}`;
    if (tagOf(scope, key) !== tagOf(next, key)) moved++;
  }
  return moved / COOKIES;
}

/** Persistent mode names a pod by its address: of pods whose address is another one's, or nobody's. */
function ofPods(scope: ScopeRuntime, next: ScopeRuntime | undefined): number {
  const addresses = (pool: PoolRuntime | undefined) =>
    new Map((pool?.pods ?? []).map(({ pod }) => [addressOf(pod), pod.tag]));
  const now = addresses(scope.pools[0]);
  const then = next?.live === undefined ? new Map() : addresses(next.pools[0]);
  const moved = [...now].filter(([address, tag]) => then.get(address) !== tag).length;
  return now.size === 0 ? 0 : moved / now.size;
}
