import type { Gauges } from "../../src/metrics/samples.ts";
import type { Traffic } from "../../src/metrics/trends.ts";
import type { Coordinator } from "./coordinator.ts";
import type { Ledger } from "./ledger.ts";

/** Bins of the breaks: an hour of minutes. */
const STEP = 60_000;
const BINS = 60;

/** What the console shows at a glance. */
export interface Glance {
  readonly traffic: Traffic;
  readonly breaks: BreakTrend;
  readonly gauges: Gauges;
}

/** Breaks by cause of the last hour, of the 10,000 that are listed. */
export interface BreakTrend {
  /** Milliseconds. */
  readonly step: number;
  /** By cause, one count for each bin, the oldest first; causes without a break are left out. */
  readonly causes: Readonly<Record<string, readonly number[]>>;
}

/** How traffic and breaks went lately, and how things stand. */
export function glance(coordinator: Coordinator, now: number): Glance {
  return {
    traffic: coordinator.trends.read(now),
    breaks: breaksOf(coordinator.ledger, now),
    gauges: coordinator.gauges(),
  };
}

function breaksOf(ledger: Ledger, now: number): BreakTrend {
  const first = Math.floor(now / STEP) - BINS + 1;
  const causes: Record<string, number[]> = {};
  for (const { bin, cause, count } of ledger.binned(first * STEP, STEP)) {
    causes[cause] ??= new Array<number>(BINS).fill(0);
    // An edge whose clock is ahead tells of breaks to come.
    causes[cause][Math.min(bin - first, BINS - 1)]! += count;
  }
  return { step: STEP, causes };
}
