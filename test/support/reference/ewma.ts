/** An answer of a pod. */
export interface Answer {
  readonly pod: number;
  readonly latency: number;
  readonly now: number;
}

const DECAY = 10_000;

/** The load of a pod from all answers that ever came, gone through from the first. */
export function loadOf(
  pod: number,
  answers: readonly Answer[],
  weights: readonly number[],
  inflight: number,
  now: number,
): number {
  let average = 0;
  let seen = 0;
  for (const answer of answers.filter((one) => one.pod === pod)) {
    const share = Math.E ** (-Math.max(0, answer.now - seen) / DECAY);
    if (answer.latency >= average) average = answer.latency;
    else average = average * share + answer.latency * (1 - share);
    seen = Math.max(seen, answer.now);
  }
  const current = average * Math.E ** (-Math.max(0, now - seen) / DECAY);
  const mean = weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  const busy = (inflight / weights[pod]!) * mean;
  if (current === 0 && inflight > 0) return 1e15 + busy;
  return current * (1 + busy);
}
