import { formatPath } from "../../config/diagnostic.ts";
import type { Cluster } from "../cluster.ts";
import type { Draft } from "../draft.ts";
import { tellIdle } from "../envoy/traffic-policy.ts";
import { tellFallen } from "../fallen.ts";
import type { Feature } from "../feature.ts";
import { carry } from "../gateway/carry.ts";
import { type Asked, compareAsked, countOf, identityOf, takesAll } from "../gateway/match.ts";
import { type Placed, placeRule } from "../gateway/place.ts";
import { fits, hostsOf, readHttpRoute, routesOf } from "../gateway/route.ts";
import { spelt } from "../istio/read.ts";
import { sharesOf } from "../shares.ts";

const DAY = 86_400_000;
const HOUR = 3_600_000;

/** One match of a rule, at one of its hosts. */
interface Match {
  readonly placed: Placed;
  readonly asked: Asked;
}

function apply(cluster: Cluster, draft: Draft): void {
  const placed: Placed[] = [];
  let total = 0;
  for (const route of routesOf(cluster)) {
    const hosts = hostsOf(route, cluster);
    if (!fits(route, hosts, total)) continue;
    for (const rule of route.rules) {
      total += rule.asked.length * hosts.length;
      // Nothing comes of a rule that no request fits.
      if (rule.asked.length > 0 && hosts.length > 0)
        placed.push(placeRule(route, rule, hosts, cluster, draft));
    }
  }
  carry(placed, draft);
  tellIdle(cluster, new Set(placed.flatMap(({ traffic }) => traffic ?? [])));
  const ranks = ranksOf(draft);
  const hosts = matchesOf(placed);
  for (const [host, matches] of hosts) {
    const before = ranks.get(host);
    const ranked = before !== undefined || !isNativeOrder(matches);
    if (before !== undefined)
      matches[0]?.placed.route.object.root.tell(
        "changed",
        `${host}: its routes go before those of other objects`,
      );
    matches.forEach(({ placed, asked }, i) => {
      draft.addRoute(
        {
          ...(host === "*" ? {} : { host }),
          ...asked,
          ...(ranked ? { rank: (before ?? 0) + matches.length - i } : {}),
          ...aimOf(placed),
          ...settingsOf(placed),
        },
        placed.route.object,
      );
    });
  }
  tellFallen(
    [...hosts].flatMap(([host, matches]) =>
      matches.map(({ placed, asked }) => ({
        host,
        whole: takesAll(asked),
        field: placed.route.object.root,
      })),
    ),
    "a Gateway may answer them with 404",
  );
}

/** The highest rank of the routes that are there already, by their hosts. */
function ranksOf(draft: Draft): Map<string, number> {
  const ranks = new Map<string, number>();
  for (const route of draft.routes) {
    const { host = "*", rank = 0 } = (route ?? {}) as { readonly host?: unknown; readonly rank?: unknown };
    if (typeof host === "string")
      ranks.set(host, Math.max(ranks.get(host) ?? 0, typeof rank === "number" ? rank : 0));
  }
  return ranks;
}

/** By host, in the order in which they are tried. Of two that ask for the same the first one counts. */
function matchesOf(all: readonly Placed[]): Map<string, Match[]> {
  const hosts = new Map<string, Match[]>();
  for (const placed of all) {
    for (const host of placed.hosts) {
      const matches = hosts.get(host) ?? [];
      hosts.set(host, matches);
      for (const asked of placed.rule.asked) matches.push({ placed, asked });
    }
  }
  for (const [host, matches] of hosts) {
    const seen = new Map<string, Placed>();
    // Stable: the oldest route and its first rule stay before the others.
    const sorted = matches.toSorted((a, b) => compareAsked(a.asked, b.asked));
    const kept = sorted.filter(({ placed, asked }) => {
      const other = seen.get(identityOf(asked));
      if (other === undefined) seen.set(identityOf(asked), placed);
      else if (other.rule !== placed.rule) {
        const where = `${other.route.object.label} ${formatPath(other.rule.field.path)}`;
        placed.rule.field.tell(
          "ignored",
          `${host}${asked.path}: ${where} has this match already, and goes before it`,
        );
      }
      return other === undefined;
    });
    hosts.set(host, kept);
  }
  return hosts;
}

/** Whether native config tries matches of one path in this order by itself: those with more conditions first. */
function isNativeOrder(matches: readonly Match[]): boolean {
  const counts = new Map<string, number>();
  return matches.every(({ asked }) => {
    const place = `${asked.pathType} ${asked.path}`;
    const before = counts.get(place);
    counts.set(place, countOf(asked));
    return before === undefined || before >= countOf(asked);
  });
}

function aimOf({ sides }: Placed): Record<string, unknown> {
  if (sides.length === 1) return { pool: sides[0]!.pool.name };
  return { split: sharesOf(sides) };
}

/** A rule's own time-outs and retries go before those of a policy. */
function settingsOf({ rule, traffic, keyed }: Placed): Record<string, unknown> {
  const { request, backend, field } = rule.timeouts;
  const total = request === undefined ? traffic?.total : { time: request, field: field.at("request") };
  const perTry =
    backend === undefined ? traffic?.perTry : { time: backend, field: field.at("backendRequest") };
  const timeouts = {
    ...(perTry === undefined
      ? {}
      : { headers: perTry.time === 0 ? "1h" : spelt(perTry.field, perTry.time, 100, HOUR) }),
    // 0s is no bound.
    ...(total === undefined || total.time === 0 ? {} : { total: spelt(total.field, total.time, 100, DAY) }),
  };
  const retry = rule.retry ?? traffic?.retry;
  const late = retry?.on?.includes("timeout") === true;
  if (keyed && late) retry!.field.tell("changed", "a session stays at its pod, however slow that is");
  const on = late && !keyed ? retry?.on : undefined;
  return {
    ...(Object.keys(timeouts).length === 0 ? {} : { timeouts }),
    ...(retry === undefined
      ? {}
      : { retry: { attempts: retry.attempts, ...(on === undefined ? {} : { on }) } }),
    ...(traffic?.fault === undefined ? {} : { fault: traffic.fault }),
  };
}

/** gateway.networking.k8s.io HTTPRoute: routes, splits and sessions of its rules. */
export const httpRoute: Feature = {
  // The API's own examples leave the group out.
  types: ["gateway.networking.k8s.io/HTTPRoute", "HTTPRoute"],
  routes: true,
  read: readHttpRoute,
  apply,
};
