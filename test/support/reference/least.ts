import { below, type ReferenceStanding, ReferenceWheel, spread, unit } from "./wheel.ts";

/** Whether pod a has fewer requests in flight for its weight than b: fractions are compared by multiplying. */
function lighter(a: number, b: number, weights: readonly number[], inflight: ArrayLike<number>): boolean {
  return BigInt(inflight[a]!) * BigInt(weights[b]!) < BigInt(inflight[b]!) * BigInt(weights[a]!);
}

/** Two pods drawn by weight; a second draw that hits the first pod again is made up to four times. */
export function pairOf(
  weights: readonly number[],
  word: number,
  standing: ReferenceStanding,
): readonly [number, number] {
  const wheel = new ReferenceWheel(weights);
  const draws = [1, 2, 3, 4].map((turn) => spread(0xffffffff - word, turn));
  const first = wheel.draw(word, standing.out);
  const second = draws.map((draw) => wheel.draw(draw, standing.out)).find((pod) => pod !== first);
  return [first, second ?? first];
}

/** The lighter of two pods. */
export function leastOfTwo(weights: readonly number[], word: number, standing: ReferenceStanding): number {
  const [first, second] = pairOf(weights, word, standing);
  if (second === first) return first;
  return lighter(second, first, weights, standing.inflight) ? second : first;
}

/** One of the lightest of all, by weight. */
export function leastOfAll(weights: readonly number[], word: number, standing: ReferenceStanding): number {
  const live = weights.map((_, i) => i).filter((i) => standing.out[i] === 0 && weights[i]! > 0);
  const best = live.filter((i) => !live.some((other) => lighter(other, i, weights, standing.inflight)));
  return unit(
    best,
    weights,
    below(
      word,
      best.reduce((sum, i) => sum + weights[i]!, 0),
    ),
  );
}
