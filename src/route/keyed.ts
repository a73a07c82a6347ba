import type { FeedEntry } from "../model/beat.ts";
import { viaOf } from "../model/binding.ts";
import { tagFromHex } from "../model/pod.ts";
import type { Swap, Swapped } from "../model/ports.ts";
import { isRefusal } from "../model/refusal.ts";
import { PROVISIONAL, type Token } from "../sessions/token.ts";
import { choosePod, hashPod, isVacant, keyPod, sidesFor } from "./choose.ts";
import { seatAside } from "./fresh.ts";
import { goHome, homeOf } from "./home.ts";
import { LONG, recall } from "./key-memory.ts";
import { following, isOver, type Leg, legTo, podId, reasonOf } from "./legs.ts";
import type { PodRuntime } from "./pods.ts";
import { EMPTY, NO_POD, NO_STORE } from "./problem.ts";
import { rebind } from "./rebind.ts";
import { noteKeyReturn, recordKeyEnd, recordSilence } from "./silence.ts";
import type { SourceRuntime } from "./source.ts";
import { ask } from "./swap.ts";
import { type KeyRef, kept, type Seat, type Seated, seconds, type Trip } from "./trip.ts";
import { catchUp, waiting } from "./untold.ts";

/**
 * Steps 3 to 5 for a session that a key carries. At once when the store confirmed it within the heartbeat's period; else
 * the store is asked before the request is forwarded, which is where a session is created: two edges that meet a key at
 * the same moment must not choose two pods.
 *
 * @param made whether the key was made for this very request
 * @returns undefined for a value that no pod has minted
 */
export function seatKeyed(
  trip: Trip,
  source: SourceRuntime,
  value: string,
  made: boolean,
): Seated | undefined | Promise<Seated | undefined> {
  const { edge, now } = trip;
  const place = value.length > LONG ? undefined : source.label + value;
  const known = place === undefined ? undefined : recall(edge, place, now);
  if (known === undefined || now - known.checked > edge.period()) {
    return meet(trip, source, value, made, place);
  }
  carry(trip, { source, sid: known.token.sid, value, made, place: place! });
  return resume(trip, known.token) ?? lookUp(trip, known.token);
}

/** From here on it is the key that carries the session, whatever else the request holds. */
function carry(trip: Trip, keyed: KeyRef): void {
  trip.life = keyed.source.life;
  trip.keyed = keyed;
}

async function meet(
  trip: Trip,
  source: SourceRuntime,
  value: string,
  made: boolean,
  short: string | undefined,
): Promise<Seated | undefined> {
  const { edge, view, now } = trip;
  const sid = await edge.keyer.sid(view.stamp.salt ?? "", source.label, value);
  const place = short ?? source.label + sid;
  const known = recall(edge, place, now) ?? waiting(trip, sid);
  carry(trip, { source, sid, value, made, place });
  const fresh = known !== undefined && now - known.checked <= edge.period();
  if (known !== undefined && known.checked > 0) noteKeyReturn(trip, known, sid);
  return (fresh ? resume(trip, known.token) : undefined) ?? lookUp(trip, known?.token);
}

/** The store has revoked what this isolate remembered. */
export function lookUpAgain(trip: Trip): Promise<Seated | undefined> {
  trip.edge.keyed.delete(trip.keyed!.place);
  return lookUp(trip, undefined);
}

/** There is no session of this key: whatever carries it now, the key does not. */
function forget(trip: Trip): undefined {
  const { place, sid } = trip.keyed!;
  trip.edge.keyed.delete(place);
  trip.stranger = sid;
  trip.held = undefined;
  trip.keyed = undefined;
  if (trip.carrier !== undefined) trip.life = trip.carrier;
  return undefined;
}

/** The session as it is remembered; undefined when the feed has revoked it: then the store knows what is next. */
function resume(trip: Trip, token: Token): Seated | Promise<Seated> | undefined {
  const news = trip.edge.feed.below(token.sid, token.epoch);
  trip.held = token;
  if (news !== undefined) {
    if (news.to === null) return undefined;
    const to = tagFromHex(news.to);
    const next = { ...token, epoch: news.epoch, pod: to, home: to };
    return arrive(trip, next, token, { cause: news.cause, news: true });
  }
  return arrive(trip, token, token, OLD);
}

/** Why a session is where it is, if it moved, and whether this isolate has that from elsewhere than its memory. */
interface Word {
  readonly cause: Seat["cause"];
  readonly news: boolean;
}
const OLD: Word = { cause: undefined, news: false };

/** To the pod of a session that is known, or on from there. */
function arrive(trip: Trip, token: Token, before: Token, { cause, news }: Word): Seated | Promise<Seated> {
  const aside = seatAside(trip, token.sid, token.pod);
  if (aside !== undefined) return aside;
  const pod = trip.route.scope.pods.get(token.pod);
  const same = before.pod === token.pod;
  const legs = same ? undefined : legTo(trip, before, token, cause);
  if (pod === undefined || !pod.keep) return afterLegs(legs, rebind(trip, token, pod, undefined));
  const home = homeOf(trip, token, pod);
  const stay = () => kept(pod, token, news || trip.keyed!.source.behindToken, "none");
  if (home !== undefined) return afterLegs(legs, goHome(trip, token, home, stay));
  if (same) return stay();
  const from = podId(trip, before.pod) || undefined;
  return { pod, outcome: "moved", session: token, issue: true, errand: "none", from, cause, legs };
}

function afterLegs(legs: readonly Leg[] | undefined, seating: Promise<Seated>): Promise<Seated> {
  return legs === undefined ? seating : seating.then((seat) => following(legs, seat));
}

/** Whether a key begins a session: not what pods mint, and not where a route begins none. */
function mayCreate({ keyed, route }: Trip): boolean {
  return keyed!.source.carrier === "key" && route.issue;
}

/** Asks the store for the session of the key, and creates it where the source may. */
async function lookUp(trip: Trip, remembered: Token | undefined): Promise<Seated | undefined> {
  const { edge, now } = trip;
  const { sid, source } = trip.keyed!;
  const order = sidesFor(trip, sid);
  // Whoever has a session already keeps it, wherever it is, and where no store can say so goes by the key.
  const begins = mayCreate(trip);
  const vacant = isVacant(order, []);
  const none = () => forget(trip) ?? (begins ? (vacant ? EMPTY : NO_POD) : undefined);
  const chosen = begins && !vacant ? choosePod(trip, sid, order, []) : undefined;
  // It may be there already: that every pod has enough to do refuses nobody yet.
  const candidate =
    chosen === undefined
      ? hashPod(sid, order, undefined)
      : isRefusal(chosen)
        ? keyPod(trip, sid, order)
        : chosen;
  const creates = begins && !vacant && candidate !== undefined;
  // Who is only looked for goes nowhere by it.
  const any = begins ? trip.route.scope.pods.keys().next().value : undefined;
  const to = candidate?.pod.tag ?? remembered?.pod ?? any;
  if (to === undefined) return none();
  const news = edge.feed.below(sid, remembered?.epoch ?? 0);
  // What is remembered has ended: what begins now follows nothing, and has left no pod.
  const ended = news?.to === null;
  if (ended && !creates) return none();
  const before = ended ? undefined : remembered;
  const exp = now + source.life.idle * 1000;
  const base = { sid, pod: to, home: to, epoch: 0, iat: seconds(now), exp: seconds(exp), flags: 0 };
  const known = knownOf(base, remembered, news);
  const { epoch, pod, home } = known;
  const swap: Swap = {
    op: creates ? "create" : "find",
    ...{ sid, epoch, pod, to, home, exp },
    cause: "expired-idle",
    created: now,
    via: viaOf(trip.route),
  };
  trip.held = before;
  if (source.byAddress)
    edge.clues?.agent(trip.route.scope.scope.id, sid, trip.request.headers.get("user-agent"));
  const { place } = trip.keyed!;
  // A store that is always late would never be followed, and two edges would hold the session apart for ever.
  const heard = ({ verdict, ...told }: Swapped) => {
    const at = edge.clock.now();
    if (at - now < edge.guard.budget || (verdict !== "ADOPT" && verdict !== "KEPT")) return;
    const token = { ...base, epoch: told.epoch, pod: told.pod, home: told.home };
    edge.keyed.set(place, { token, checked: at });
  };
  const answer = await ask(trip, swap, known, "key", heard);
  if (answer === undefined) return alone(trip, known, before, candidate, news);
  if (edge.untold.size > 0) {
    // This one is settled here.
    edge.untold.delete(sid);
    catchUp(trip);
  }
  if (answer.verdict === "ABSENT" && answer.cause === "expired-idle") recordSilence(trip, answer);
  if (answer.verdict === "ABSENT" || answer.verdict === "REVOKED") return none();
  return met(trip, answer, base, before, ended);
}

/** What a lookup may take for granted: what is remembered, unless the feed knows better. Epoch 0: nothing. */
function knownOf(base: Token, remembered: Token | undefined, news: FeedEntry | undefined): Token {
  if (news === undefined) return remembered === undefined ? base : { ...remembered, exp: base.exp };
  // A session that was revoked begins anew above the epoch that ended.
  if (news.to === null) return { ...base, epoch: news.epoch + 1 };
  const to = tagFromHex(news.to);
  return { ...base, epoch: news.epoch, pod: to, home: to };
}

/** What the store answered, made a seat. */
function met(
  trip: Trip,
  answer: Swapped,
  base: Token,
  remembered: Token | undefined,
  ended: boolean,
): Seated | Promise<Seated> {
  const token: Token = { ...base, epoch: answer.epoch, pod: answer.pod, home: answer.home };
  const began = answer.verdict === "KEPT" && ended && answer.from === undefined;
  if (answer.verdict === "WON" || began) {
    if (answer.cause === "expired-idle") recordKeyEnd(trip, answer);
    else if (answer.cause === "" && trip.keyed!.source.byAddress) {
      trip.edge.clues?.arrived(trip.route.scope.scope.id, trip.request.headers.has("cookie"));
    }
    const pod = trip.route.scope.pods.get(answer.pod);
    // Created by another request of this isolate, which had another view of the config.
    return pod === undefined ? rebind(trip, token, undefined, undefined) : begin(pod, token);
  }
  // It was there before this edge met it: should its pod be dead, it moves, and does not begin.
  const before = remembered === undefined || isOver(remembered, answer) ? token : remembered;
  trip.held = before;
  return arrive(trip, token, before, { cause: reasonOf(trip, before, token, answer.cause), news: true });
}

function begin(pod: PodRuntime, session: Token): Seat {
  return { pod, outcome: "bound", session, issue: true, errand: "none", from: undefined, cause: undefined };
}

/**
 * Without the store: where it is known to be, else by its key alone, which every edge with the same view does alike. The next
 * request asks again.
 */
function alone(
  trip: Trip,
  known: Token,
  remembered: Token | undefined,
  candidate: PodRuntime | undefined,
  news: FeedEntry | undefined,
): Seated | undefined | Promise<Seated> {
  const { sid } = trip.keyed!;
  trip.unheard = true;
  const order = sidesFor(trip, sid);
  if ((candidate?.pool ?? order[0]!).pool.strict) return NO_STORE;
  if (known.epoch > 0 && news?.to !== null) {
    const token = { ...known, flags: PROVISIONAL };
    return arrive(trip, token, remembered ?? known, { cause: news?.cause, news: true });
  }
  // Nobody knows whether a pod has minted it, so nothing may be written of it later on.
  if (!mayCreate(trip)) return forget(trip);
  const pod = keyPod(trip, sid, order) ?? candidate;
  if (pod === undefined) return NO_POD;
  const { tag } = pod.pod;
  return begin(pod, { ...known, epoch: Math.max(1, known.epoch), pod: tag, home: tag, flags: PROVISIONAL });
}
