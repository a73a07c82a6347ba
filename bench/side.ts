/** One of the cases that are measured beside each other. */
export interface Case {
  /** Makes what one round needs, outside the clock; the answer is the round itself, of `count` operations. */
  readonly prepare: () => () => void;
  readonly count: number;
}

/** Rounds before it counts: V8 compiles, WebAssembly too, and on a busy machine it takes its time. */
const WARM = 8;

/**
 * Nanoseconds of one operation, for each case of each round. The cases take turns, each round in another order, so that
 * what the machine does to one it does to all.
 */
export function sideBySide(cases: readonly Case[], rounds: number): number[][] {
  const results = cases.map((): number[] => []);
  for (let round = -WARM; round < rounds; round++) {
    for (let turn = 0; turn < cases.length; turn++) {
      const index = (turn + round + WARM) % cases.length;
      const run = cases[index]!.prepare();
      const start = process.hrtime.bigint();
      run();
      const each = Number(process.hrtime.bigint() - start) / cases[index]!.count;
      if (round >= 0) results[index]!.push(each);
    }
  }
  return results;
}

/** What a case takes when it is let alone: the lower quartile of its rounds, as other work on the machine only adds. */
export function steady(rounds: readonly number[]): number {
  return rounds.toSorted((a, b) => a - b)[rounds.length >> 2]!;
}

/** How many times one case takes what another of the same rounds takes, to two places. */
export function times(above: readonly number[], below: readonly number[]): number {
  return Number((steady(above) / steady(below)).toFixed(2));
}
