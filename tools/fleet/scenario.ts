import type { Gate } from "./gate.ts";

/** What a scenario is run with. */
export interface Run {
  /** The same checks in small. */
  readonly quick: boolean;
  /** What bundle() wrote. */
  readonly bundleDir: string;
  /** How long what may go on for as long as one likes goes on. */
  readonly minutes: number;
  /** Of whatever is drawn by chance. */
  readonly seed: number;
  /** Tells of the way to the figures: one line. */
  say(line: string): void;
}

/** A story over real processes, told with figures; what it starts it ends. Rejects when it cannot be told to its end. */
export type Scenario = (run: Run) => Promise<Gate[]>;
