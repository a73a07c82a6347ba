import { runOverHttp } from "./http.ts";
import { type KindName, NAMES } from "./kinds.ts";
import { SMALL } from "./model.ts";
import { write } from "./script.ts";
import { estimate } from "./statistics.ts";
import { interruptions, type Tally } from "./tally.ts";
import { runAll } from "./threads.ts";

const PROBE = "1s";
/**
 * So many standard deviations are too far. They are themselves estimated by the replays: of ten thousand honest comparisons about
 * three are with forty of them, and fifteen with the sixteen of a quick run.
 */
const FAR = 4;

/** One figure of one script, in both worlds. */
export interface Compared {
  readonly kind: KindName;
  readonly figure: "interruptions" | "transfers that failed";
  readonly virtual: number;
  readonly deviation: number;
  readonly real: number;
  /** How far the two may be apart. */
  readonly bar: number;
}

export interface Agreement {
  readonly compared: readonly Compared[];
  /** Interruptions over HTTP by cookies, of sessions whose pod lived. */
  readonly astray: number;
  readonly real: Readonly<Record<string, Tally>>;
  readonly replays: number;
  /** The part of the calls to the store that took over 100 ms. */
  readonly late: number;
}

/**
 * Plays one script over HTTP, and many times in virtual time.
 *
 * @param replays how many times, with other dice: they tell how far apart two runs of one script are
 */
export async function compare(bundleDir: string, seed: number, replays: number): Promise<Agreement> {
  const script = write(SMALL, seed);
  const { tallies: real, late } = await runOverHttp({ script, kinds: NAMES, bundleDir, probe: PROBE });
  const runs = await runAll(
    Array.from({ length: replays }, (_, i) => ({
      model: SMALL,
      kinds: NAMES,
      script: seed,
      seed: i + 1,
      probe: PROBE,
    })),
  );
  const figures = {
    interruptions,
    "transfers that failed": ({ failed }: Tally) => failed,
  } as const;
  const compared = NAMES.flatMap((kind) =>
    (["interruptions", "transfers that failed"] as const).map((figure): Compared => {
      const { mean, deviation } = estimate(runs.map((run) => figures[figure](run[kind]!)));
      // One event more or less may be a matter of milliseconds, which are not the same in both worlds.
      const bar = FAR * Math.sqrt(deviation ** 2 + 1);
      return { kind, figure, virtual: mean, deviation, real: figures[figure](real[kind]!), bar };
    }),
  );
  return { compared, astray: real.cookie!.astray, real, replays, late };
}
