/** One of the cases that are measured beside each other. */
export interface Case {
  /** Makes what one round needs, outside the clock; the answer is the round itself, of `count` operations. */
  readonly prepare: () => () => void;
  readonly count: number;
}

/** How long each case runs before it counts: V8 compiles beside it, and on a busy machine takes its time. Milliseconds. */
const WARM = 400;

/**
 * Nanoseconds of one operation, for each case of each round. The cases take turns, each round in another order, so that
 * what the machine does to one it does to all.
 */
export function sideBySide(cases: readonly Case[], rounds: number): number[][] {
  for (const { prepare } of cases) {
    const until = performance.now() + WARM;
    while (performance.now() < until) prepare()();
  }
  const results = cases.map((): number[] => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < cases.length; turn++) {
      const index = (turn + round) % cases.length;
      const run = cases[index]!.prepare();
      const start = process.hrtime.bigint();
      run();
      results[index]!.push(Number(process.hrtime.bigint() - start) / cases[index]!.count);
    }
  }
  return results;
}

/**
 * What a case takes when it is let alone: its best round, as other work on the machine only adds, and to a long round nearly
 * always. What collects garbage is so measured without: opponents do, the core does not.
 */
export function alone(rounds: readonly number[]): number {
  return Math.min(...rounds);
}

/** How many times one case takes what another of the same rounds takes, to two places. */
export function times(above: readonly number[], below: readonly number[]): number {
  return Number((alone(above) / alone(below)).toFixed(2));
}
