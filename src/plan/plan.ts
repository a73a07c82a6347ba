import type { Notice } from "../config/notice.ts";
import type { Cause, Sid } from "../model/binding.ts";
import type { PodTag } from "../model/pod.ts";
import type { ListedBinding } from "../model/ports.ts";
import { type Fate, fateOf, mayBeSilent } from "../route/fate.ts";
import type { View } from "../route/view.ts";
import { Balance, type PodBalance } from "./balance.ts";
import { type KeyShare, keyShare } from "./keys.ts";
import { type Origin, Origins } from "./origin.ts";
import { type RouteChange, routeChanges } from "./routes.ts";
import { estimate, type Stratum } from "./sample.ts";

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

/** What one session will meet; `sure` unless what the store does not say of it matters. */
interface Verdict {
  readonly fate: Fate | { readonly kind: "ends"; readonly cause: Cause };
  readonly origin: Origin;
  readonly sure: boolean;
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
  for (const { tag, session, verdict } of met) {
    const { fate, origin } = verdict;
    const to = fate.kind === "moves" ? fate.to.pod.tag : fate.kind === "ends" ? undefined : tag;
    balance.add(tag, to, tallies.get(tag)!.each(sampled));
    if (fate.kind === "kept" || fate.kind === "down") continue;
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
    },
    keys: keyShare(before, after),
    balance: balance.pods(),
    routes: routeChanges(before, after),
    notices: noticesOf(sampled, seen.size, unsure, lost, down.count),
    cursor: rest.length > told.length ? told.at(-1)!.sid : null,
  };
}

type Kind = Verdict["fate"]["kind"];

/** What was seen of the sessions of one pod. */
class Tally {
  readonly #count: number;
  readonly #hits: Record<Kind, number> = { kept: 0, moves: 0, down: 0, ends: 0 };
  #seen = 0;

  /** @param count those that there are */
  constructor(count: number) {
    this.#count = count;
  }

  take(kind: Kind): void {
    this.#hits[kind]++;
    this.#seen++;
  }

  /** For how many each one that was seen stands. */
  each(sampled: boolean): number {
    return this.#seen === 0 ? 0 : this.#total(sampled) / this.#seen;
  }

  stratum(kinds: readonly Kind[], sampled: boolean): Stratum {
    const hits = kinds.reduce((sum, kind) => sum + this.#hits[kind], 0);
    return { total: this.#total(sampled), seen: this.#seen, hits };
  }

  #total(sampled: boolean): number {
    return sampled ? Math.max(this.#count, this.#seen) : this.#seen;
  }
}

/** Every pod that a session may be on: those of the config in force, and those that left it. */
function podsOf({ pools, departed }: View): Map<PodTag, { pool: string; id: string }> {
  const pods = new Map<PodTag, { pool: string; id: string }>(departed);
  for (const pool of pools) for (const { pod } of pool.pods) pods.set(pod.tag, pod);
  return pods;
}

/** Undefined: neither config has a place for it, so this change does not matter to it. */
function judge(
  after: View,
  origins: readonly Origin[],
  session: ListedBinding,
  now: number,
): Verdict | undefined {
  let first: Verdict | undefined;
  let sure = true;
  for (const origin of origins) {
    const [fate, known] = judgeAs(after, origin, session, now);
    if (!known || (first !== undefined && !same(first.fate, fate))) sure = false;
    first ??= { fate, origin, sure };
  }
  return first === undefined ? undefined : { ...first, sure };
}

function judgeAs(
  after: View,
  { before: old, after: scope, carrier }: Origin,
  session: ListedBinding,
  now: number,
): [Verdict["fate"], known: boolean] {
  if (scope === undefined) return [{ kind: "ends", cause: "config-change" }, true];
  const [from, to] = [old?.cookie, scope.cookie];
  if (carrier === "cookie" && from !== undefined && to !== undefined && to.idle < from.idle) {
    if (mayBeSilent(from, to, session, now)) return [{ kind: "ends", cause: "expired-idle" }, false];
  }
  return [fateOf(after, scope, session, now), true];
}

function same(a: Verdict["fate"], b: Verdict["fate"]): boolean {
  if (a.kind === "moves" && b.kind === "moves") return a.to === b.to && a.cause === b.cause;
  return a.kind === b.kind;
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
