import { RULE_NAMES, RULES, type Rule, type RuleName } from "./rules.ts";
import { LONGEST, Window } from "./window.ts";

export type AlertState = "inactive" | "pending" | "firing";

/** How one rule is with one pool. */
export interface Alert {
  readonly rule: RuleName;
  /** Empty: all pools together. */
  readonly pool: string;
  readonly state: AlertState;
  /** The share that was found last. 0..1 */
  readonly value: number;
  /** Since when it is in this state. Milliseconds since the epoch. */
  readonly since: number;
}

/** An alert that is in another state than before. */
export interface Change extends Alert {
  readonly before: AlertState;
}

/** How many there are, and how many of them are bad. */
export interface Share {
  readonly all: number;
  readonly bad: number;
}

/** The rules that look back. */
export type Counted = Exclude<RuleName, "unavailable-pods">;

/**
 * The alert rules over windows of their own, for each pool and for all together: pending while a rule holds and has not held
 * long enough, firing, and inactive again when it does not hold any more, or too little is counted to say so.
 */
export class Alerts {
  readonly #alerts = new Map<string, Alert>();
  readonly #windows = new Map<string, Window>();
  #began: number;
  /** When the rules were evaluated last. */
  #evaluated = Number.NEGATIVE_INFINITY;
  /** Of the pool that had most of its pods away then. */
  #away = 0;

  /**
   * @param before alerts that outlived a restart
   * @param now when the windows begin: until they are full they do not say that what fired is over
   */
  constructor(before: readonly Alert[] = [], now = Number.NEGATIVE_INFINITY) {
    for (const alert of before) this.#alerts.set(keyOf(alert.rule, alert.pool), alert);
    this.#began = now;
  }

  /** Something was counted, of a pool and so of all together. */
  add(rule: Counted, pool: string, { all, bad }: Share, now: number): void {
    if (all === 0) return;
    for (const of of pool === "" ? [""] : [pool, ""]) {
      const key = keyOf(rule, of);
      let window = this.#windows.get(key);
      if (window === undefined) {
        window = new Window();
        this.#windows.set(key, window);
      }
      window.add(now, all, bad);
    }
  }

  /**
   * Evaluates all rules.
   *
   * @param pods by pool: how many are expected, and how many of them are not available
   * @returns the alerts whose state changed
   */
  evaluate(pods: Readonly<Record<string, Share>>, now: number): Change[] {
    const changed: Change[] = [];
    // By a clock that was put back, what has just begun would have begun long after now.
    this.#began = Math.min(this.#began, now);
    // Evaluated late, a rule looks back to where it looked last: a burst that came at once is in one evaluation at least.
    const since = Math.min(now - this.#evaluated, LONGEST);
    this.#evaluated = now;
    this.#away = Math.max(0, ...Object.values(pods).map(shareOf));
    const see = (rule: RuleName, pool: string, share: Share) => {
      const next = this.#next(rule, pool, share, now);
      if (next !== undefined) changed.push(next);
    };
    for (const [key, window] of this.#windows) {
      const [rule, pool] = JSON.parse(key) as [Counted, string];
      const share = window.sum(now, Math.max(RULES[rule].window, since));
      see(rule, pool, share);
      // A pool that is quiet and well need not be remembered.
      if (share.all === 0 && !this.#alerts.has(key)) this.#windows.delete(key);
    }
    for (const [pool, share] of Object.entries(pods)) see("unavailable-pods", pool, share);
    // What is told of no more, as its pool has left the config, is over.
    for (const { rule, pool } of [...this.#alerts.values()]) {
      const told =
        rule === "unavailable-pods" ? Object.hasOwn(pods, pool) : this.#windows.has(keyOf(rule, pool));
      if (!told) see(rule, pool, { all: 0, bad: 0 });
    }
    return changed;
  }

  #next(rule: RuleName, pool: string, share: Share, now: number): Change | undefined {
    const { threshold, hold, least, window = 0 }: Rule = RULES[rule];
    const key = keyOf(rule, pool);
    const before = this.#alerts.get(key);
    const value = shareOf(share);
    const holds = share.all >= least && value > threshold;
    if (!holds) {
      if (before?.state === "firing" && now - this.#began < window) return undefined;
      this.#alerts.delete(key);
      return before && { rule, pool, state: "inactive", value, since: now, before: before.state };
    }
    const began = before?.state === "pending" ? Math.min(before.since, now) : now;
    const state = before?.state === "firing" || now - began >= hold ? "firing" : "pending";
    const since = state === "pending" ? began : before?.state === state ? before.since : now;
    const alert = { rule, pool, state, value, since } as const;
    this.#alerts.set(key, alert);
    return before?.state === state ? undefined : { ...alert, before: before?.state ?? "inactive" };
  }

  /** Those that are pending or firing. */
  get active(): readonly Alert[] {
    return [...this.#alerts.values()];
  }

  /** Whether there is anything to evaluate again. */
  get busy(): boolean {
    return this.#alerts.size > 0 || this.#windows.size > 0;
  }

  /** Each rule as it is with the pool that it is worst with. */
  rules(now: number): (Omit<Alert, "rule"> & { readonly name: RuleName; readonly threshold: number })[] {
    return RULE_NAMES.map((name) => {
      const { threshold } = RULES[name];
      const own = this.active.filter(({ rule }) => rule === name);
      const worst = own.sort((a, b) => rank(b) - rank(a) || b.value - a.value)[0];
      if (worst === undefined)
        return { name, state: "inactive", pool: "", value: this.#value(name, now), threshold, since: 0 };
      const { state, pool, value, since } = worst;
      return { name, state, pool, value, threshold, since };
    });
  }

  #value(rule: RuleName, now: number): number {
    if (rule === "unavailable-pods") return this.#away;
    const window = this.#windows.get(keyOf(rule, ""));
    return window === undefined ? 0 : shareOf(window.sum(now, RULES[rule].window));
  }
}

function shareOf({ all, bad }: Share): number {
  return all === 0 ? 0 : bad / all;
}

function rank({ state }: Alert): number {
  return state === "firing" ? 1 : 0;
}

function keyOf(rule: RuleName, pool: string): string {
  return JSON.stringify([rule, pool]);
}
