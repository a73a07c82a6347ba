/**
 * An alert rule as data: a share of what is counted, or of pods, above a threshold. The coordinator evaluates them, and the
 * rule file for Prometheus is made of the same.
 */
export interface Rule {
  /** Of what it is a share, in words. */
  readonly summary: string;
  /** It fires above this share. 0..1 */
  readonly threshold: number;
  /** What is looked back on, undefined: how it is now. Milliseconds. */
  readonly window?: number;
  /** How long it must hold before it fires. Milliseconds. */
  readonly hold: number;
  /** With fewer counted than this the rule says nothing: one failure among five is no rate. */
  readonly least: number;
}

export const RULES = {
  "error-rate": {
    summary: "requests answered 5xx",
    threshold: 0.01,
    window: 60_000,
    hold: 0,
    least: 50,
  },
  "slow-requests": {
    summary: "requests that took more than 500 ms: above 1 % is a p99 above 500 ms",
    threshold: 0.01,
    window: 10_000,
    hold: 0,
    least: 50,
  },
  "unavailable-pods": {
    summary: "pods of a pool that take no new sessions, of those that nobody took out",
    threshold: 0.2,
    hold: 30_000,
    least: 1,
  },
  "session-creation": {
    summary: "sessions that could not begin",
    threshold: 0.001,
    window: 60_000,
    hold: 0,
    least: 100,
  },
} satisfies Record<string, Rule>;

export type RuleName = keyof typeof RULES;
export const RULE_NAMES = Object.keys(RULES) as RuleName[];

/** How often rules are evaluated. Milliseconds. */
export const EVERY = 10_000;
/** What counts as slow: a bound of the histogram, so that the share above it is exact. Milliseconds. */
export const SLOW = 500;
