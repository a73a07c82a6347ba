import type { Notice } from "../config/notice.ts";
import type { Cause, Sid } from "../model/binding.ts";
import type { PodTag } from "../model/pod.ts";
import type { ListedBinding } from "../model/ports.ts";
import { fateOf } from "../route/fate.ts";
import type { View } from "../route/view.ts";
import { Balance, type PodBalance } from "./balance.ts";
import { type KeyShare, keyShare } from "./keys.ts";
import { liveNotices } from "./live.ts";
import { Origins } from "./origin.ts";
import { type RouteChange, routeChanges } from "./routes.ts";
import { estimate } from "./sample.ts";
import { type Kind, Tally } from "./tally.ts";
import { judge, type Verdict } from "./verdict.ts";

/** Sessions that are counted one by one; of more, a sample of {@link SAMPLE} speaks for all. */
export const COUNTED = 200_000;
const SAMPLE = 50_000;
/** Of each pod in a sample at least this many, or all that it has. */
const LEAST = 100;

/** Where the live sessions are listed. Both reject when the store does not answer. */
export interface Listing {
  /** Live sessions of each pod. */
  count(pods: readonly PodTag[]): Promise<readonly number[]>;
  /** Those of these pods, in pages of at most about `size`. */
  pages(pods: readonly PodTag[], size: number): AsyncIterable<readonly ListedBinding[]>;
}

/** A session that leaves its pod with its next request; ids of pods, `to` empty when it ends. */
export interface Move {
  readonly sid: Sid;
  /** Of the pod that it is on; `toPool` where it goes to another. */
  readonly pool: string;
  readonly from: string;
  readonly to: string;
  readonly toPool?: string;
  readonly cause: Cause;
  /** It would without the change, too. */
  readonly anyway?: true;
}

export interface Summary {
  /** Of the sessions: those that leave their pod, those that end among them, those that stay, and those that would be refused. */
  readonly moved: number;
  readonly ended: number;
  readonly kept: number;
  readonly down: number;
  readonly total: number;
  /** Whether `moved` is a count; else it is off by at most `error`, at 95 % where a sample speaks. */
  readonly exact: boolean;
  readonly error: number;
  /** Those of `moved` by why they leave; where a sample speaks, each rounded by itself. */
  readonly causes: Readonly<Partial<Record<Cause, number>>>;
}

export interface Plan {
  readonly moves: readonly Move[];
  readonly summary: Summary;
  readonly keys: KeyShare;
  readonly balance: readonly PodBalance[];
  readonly routes: readonly RouteChange[];
  readonly notices: readonly Notice[];
  /** The last sid of the page; null at the end. */
  readonly cursor: string | null;
}

/**
 * Which sessions would leave their pods if `after` came into force now, where to, and why. Nothing is changed.
 *
 * @param after with the health that its pods would have, and `before`'s pods among the departed ones
 * @param page how many moves are told at most, and after which sid they begin
 */
export async function plan(
  before: View,
  after: View,
  listing: Listing,
  now: number,
  page: { readonly limit: number; readonly after: string },
): Promise<Plan> {
  const pods = podsOf(before);
  const tags = [...pods.keys()];
  const counts = await listing.count(tags);
  const all = counts.reduce((sum, count) => sum + count, 0);
  const sampled = all > COUNTED;
  const origins = new Origins(before, after);
  const seen = new Set<Sid>();
  const tallies = new Map<PodTag, Tally>(tags.map((tag, i) => [tag, new Tally(counts[i]!)]));
  const met: { tag: PodTag; session: ListedBinding; verdict: Verdict }[] = [];
  let [unsure, lost] = [0, 0];
  const look = (session: ListedBinding) => {
    const { sid, pod: tag } = session;
    // One that is renewed, or moves, while this runs may be listed twice.
    if (seen.has(sid)) return;
    seen.add(sid);
    const verdict = judge(after, origins.of(pods.get(tag)!.pool, session), session, now);
    if (verdict === undefined) {
      lost++;
      return;
    }
    if (!verdict.sure) unsure++;
    tallies.get(tag)!.take(verdict.fate.kind);
    met.push({ tag, session, verdict });
  };
  for (const [i, group] of (sampled ? tags.map((tag) => [tag]) : [tags]).entries()) {
    const quota = sampled
      ? Math.max(LEAST, Math.ceil((SAMPLE * counts[i]!) / all))
      : Number.POSITIVE_INFINITY;
    let looked = 0;
    for await (const sessions of listing.pages(group, Math.min(quota, 1000))) {
      sessions.forEach(look);
      looked += sessions.length;
      if (looked >= quota) break;
    }
  }
  const balance = new Balance(before, after);
  const moves: Move[] = [];
  const causes: Partial<Record<Cause, number>> = {};
  for (const { tag, session, verdict } of met) {
    const { fate, origin } = verdict;
    const to = fate.kind === "moves" ? fate.to.pod.tag : fate.kind === "ends" ? undefined : tag;
    const stands = tallies.get(tag)!.each(sampled);
    balance.add(tag, to, stands);
    if (fate.kind === "kept" || fate.kind === "down") continue;
    causes[fate.cause] = (causes[fate.cause] ?? 0) + stands;
    const anyway = origin.before !== undefined && fateOf(before, origin.before, session, now).kind !== "kept";
    moves.push(moveOf(session.sid, pods.get(tag)!, fate, anyway));
  }
  const strata = (kinds: readonly Kind[]) =>
    estimate([...tallies.values()].map((tally) => tally.stratum(kinds, sampled)));
  const [moved, ended, down] = [strata(["moves", "ends"]), strata(["ends"]), strata(["down"])];
  const total = sampled ? all - lost : met.length;
  const share = met.length === 0 ? 0 : unsure / met.length;
  const rest = moves.filter(({ sid }) => sid > page.after).sort((a, b) => (a.sid < b.sid ? -1 : 1));
  const told = rest.slice(0, page.limit);
  return {
    moves: told,
    summary: {
      moved: moved.count,
      ended: ended.count,
      kept: Math.max(0, total - moved.count - down.count),
      down: down.count,
      total,
      exact: !sampled && unsure === 0,
      error: moved.error + Math.ceil(share * total),
      causes: Object.fromEntries(Object.entries(causes).map(([cause, count]) => [cause, Math.round(count)])),
    },
    keys: keyShare(before, after),
    balance: balance.pods(),
    routes: routeChanges(before, after),
    notices: [...noticesOf(sampled, seen.size, unsure, lost, down.count), ...liveNotices(before, after)],
    cursor: rest.length > told.length ? told.at(-1)!.sid : null,
  };
}

/** Every pod that a session may be on: those of the config in force, and those that left it. */
function podsOf({ pools, departed }: View): Map<PodTag, { pool: string; id: string }> {
  const pods = new Map<PodTag, { pool: string; id: string }>(departed);
  for (const pool of pools) for (const { pod } of pool.pods) pods.set(pod.tag, pod);
  return pods;
}

function moveOf(
  sid: Sid,
  { pool, id: from }: { pool: string; id: string },
  fate: Exclude<Verdict["fate"], { kind: "kept" | "down" }>,
  anyway: boolean,
): Move {
  const to = fate.kind === "moves" ? fate.to.pod : undefined;
  return {
    sid,
    pool,
    from,
    to: to?.id ?? "",
    ...(to === undefined || to.pool === pool ? {} : { toPool: to.pool }),
    cause: fate.cause,
    ...(anyway ? { anyway: true } : {}),
  };
}

function noticesOf(sampled: boolean, seen: number, unsure: number, lost: number, down: number): Notice[] {
  const notices: Notice[] = [];
  const say = (count: number | boolean, message: string) => {
    if (count) notices.push({ level: "changed", object: "sessions", path: "", message });
  };
  say(sampled, `estimated from a sample of ${seen} sessions, as there are more than ${COUNTED}`);
  say(down, `${down} sessions stay bound but would be refused (503): no pod may take them`);
  say(
    unsure,
    `of ${unsure} sessions the store does not tell by which route, scheme or key they come, and it matters`,
  );
  say(
    lost,
    `${lost} sessions are on pods of pools that an earlier config had: they end or move when they come, whatever this one says`,
  );
  return notices;
}
