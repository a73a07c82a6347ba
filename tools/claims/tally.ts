/** What users met. */
export interface Tally {
  users: number;
  requests: number;
  /** Requests that no pod answered. */
  unanswered: number;
  /** Requests that came to a pod which did not have what the user's last one had left: the pod that had it was gone, or had restarted. */
  lost: number;
  /** The same, though the pod that had it lived. */
  astray: number;
  transfers: number;
  /** Transfers of which a step came to a pod that knew nothing of it, or to none. */
  failed: number;
  /** Time from each user's first request to the last. Hours. */
  hours: number;
  /** Requests that each pod answered. */
  readonly pods: number[];
}

export function emptyTally(pods: number): Tally {
  const none = { users: 0, requests: 0, unanswered: 0, lost: 0, astray: 0 };
  return { ...none, transfers: 0, failed: 0, hours: 0, pods: new Array<number>(pods).fill(0) };
}

export function interruptions({ lost, astray }: Tally): number {
  return lost + astray;
}

/** Interruptions in a hundred hours that users spend. */
export function rate(tally: Tally): number {
  return tally.hours === 0 ? 0 : (100 * interruptions(tally)) / tally.hours;
}

/** The part of the transfers that failed. */
export function failure({ failed, transfers }: Tally): number {
  return transfers === 0 ? 0 : failed / transfers;
}

/** What the busiest pod answered, relative to the mean pod. */
export function peak({ pods }: Tally): number {
  const all = pods.reduce((sum, count) => sum + count, 0);
  return all === 0 ? 0 : (Math.max(...pods) * pods.length) / all;
}

/** The part of the interruptions under `other` that there are not under `own`; 0 where there is none at all. */
export function fewer(own: Tally, other: Tally): number {
  return interruptions(other) === 0 ? 0 : 1 - interruptions(own) / interruptions(other);
}

/** All of them together. */
export function sum(tallies: readonly Tally[]): Tally {
  const total = emptyTally(tallies[0]?.pods.length ?? 0);
  for (const one of tallies) {
    total.users += one.users;
    total.requests += one.requests;
    total.unanswered += one.unanswered;
    total.lost += one.lost;
    total.astray += one.astray;
    total.transfers += one.transfers;
    total.failed += one.failed;
    total.hours += one.hours;
    one.pods.forEach((count, pod) => {
      total.pods[pod] = total.pods[pod]! + count;
    });
  }
  return total;
}
