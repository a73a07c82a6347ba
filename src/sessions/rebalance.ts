import type { Sid } from "../model/binding.ts";

/** A pod that takes part in a rebalance, as it takes new sessions and keeps those it has. */
export interface Seat {
  /** Above 0. */
  readonly weight: number;
  readonly sessions: number;
}

/** A session that was not seen for long enough to be moved. */
export interface IdleSession {
  readonly sid: Sid;
  /** The position of its pod among the seats. */
  readonly from: number;
  /** Milliseconds since the epoch. */
  readonly seen: number;
}

/** One session, from one seat to another. */
export interface RebalanceStep {
  readonly sid: Sid;
  readonly from: number;
  readonly to: number;
}

/** The seat that the hash table prefers for a sid among those that are open; -1 when none is. */
export type Prefer = (sid: Sid, open: readonly boolean[]) => number;

/** The fullest pod over its fair share by weight; 1 where there is nothing to share. */
export function skewOf(seats: readonly Seat[]): number {
  const [total, weight] = sums(seats);
  if (total === 0) return 1;
  return Math.max(...seats.map((seat) => (seat.sessions * weight) / (total * seat.weight)));
}

/**
 * What each seat gives, down to `target` times its fair share, and what each may take, up to its fair share. Shares are whole
 * numbers of the same sum as the sessions; what is left over by rounding goes to those that have it already, so that the
 * fewest sessions move. No less is taken in all than is given.
 *
 * @param target a skew of at least 1
 */
export function surplus(seats: readonly Seat[], target: number): { give: number[]; room: number[] } {
  const [total, weight] = sums(seats);
  const rests = seats.map((seat) => (total * seat.weight) % weight);
  const shares = seats.map((seat, i) => (total * seat.weight - rests[i]!) / weight);
  let left = total - shares.reduce((sum, share) => sum + share, 0);
  const has = (i: number) => Number(seats[i]!.sessions > shares[i]!);
  const order = seats.map((_, i) => i).filter((i) => rests[i]! > 0);
  for (const i of order.sort((a, b) => has(b) - has(a) || rests[b]! - rests[a]! || a - b)) {
    if (left-- > 0) shares[i]!++;
  }
  const most = (i: number) => Math.max(shares[i]!, Math.floor((target * total * seats[i]!.weight) / weight));
  return {
    give: seats.map(({ sessions }, i) => Math.max(0, sessions - most(i))),
    room: seats.map(({ sessions }, i) => Math.max(0, shares[i]! - sessions)),
  };
}

/**
 * Which of these sessions move, and where to: each to the pod that the hash table prefers among those below their share. Those
 * go first that the table would have there whatever the shares, as they would go there by themselves if their binding were
 * lost; then those that were not seen for longest.
 *
 * @param most how many at once
 */
export function assign(
  idle: readonly IdleSession[],
  need: { readonly give: readonly number[]; readonly room: readonly number[] },
  prefer: Prefer,
  most: number,
): RebalanceStep[] {
  const give = [...need.give];
  const room = [...need.room];
  const all = room.map(() => true);
  const atHome = new Map(idle.map(({ sid }) => [sid, room[prefer(sid, all)]! > 0]));
  const order = [...idle].sort(
    (a, b) => Number(atHome.get(b.sid)) - Number(atHome.get(a.sid)) || a.seen - b.seen,
  );
  const steps: RebalanceStep[] = [];
  let open = room.map((left) => left > 0);
  for (const { sid, from } of order) {
    if (steps.length >= most) break;
    if (give[from]! <= 0) continue;
    const to = prefer(sid, open);
    if (to < 0) break;
    steps.push({ sid, from, to });
    give[from]!--;
    if (--room[to]! === 0) open = room.map((left) => left > 0);
  }
  return steps;
}

function sums(seats: readonly Seat[]): [sessions: number, weight: number] {
  return [
    seats.reduce((sum, seat) => sum + seat.sessions, 0),
    seats.reduce((sum, seat) => sum + seat.weight, 0),
  ];
}
