import type { Tell } from "../../src/events/catalog.ts";
import { assign, type IdleSession, skewOf, surplus } from "../../src/sessions/rebalance.ts";
import { RebalancePods, type RebalancePodsParts, type Round } from "./rebalance-pods.ts";
import { type Begun, type Run, Runs } from "./rebalance-runs.ts";
import { planned, type RebalanceOrder, type RebalanceStatus } from "./rebalance-status.ts";
import { type Reply, refused } from "./reply.ts";
import { type Sessions, STORE_DOWN } from "./sessions.ts";

/** Between two batches. Milliseconds. */
const SECOND = 1000;
/** Until what could not go on is tried again. Milliseconds. */
const WAIT = 5000;
/** After which one that runs looks for what became of its last batch. Milliseconds. */
const WATCH = 30_000;
/** Pages that are looked through for one batch, and for a plan. */
const PAGES = 10;
const PLANNED = 50;
/** Moves of one batch that are under way at once. */
const WIDTH = 8;

export interface RebalanceParts extends RebalancePodsParts {
  readonly sql: SqlStorage;
  readonly sessions: Sessions;
  readonly tell: Tell;
}

/** Where a run is in the listing of its pods: in memory, as it may begin anew. */
interface Search {
  /** The pods that its positions are of. */
  of: string;
  queue: IdleSession[];
  cursor: string | undefined;
  /** Sessions that were moved since the listing began. */
  moved: number;
  over: boolean;
}

/**
 * Moves idle sessions from the pods of a pool that have more than their share to those that have less, a batch a second. Each
 * is moved as an operator would move it. What it has begun is on the disk before the store hears of it.
 */
export class Rebalance {
  readonly #sessions: Sessions;
  readonly #tell: Tell;
  readonly #now: () => number;
  readonly #pods: RebalancePods;
  readonly #runs: Runs;
  readonly #searches = new Map<string, Search>();
  #busy = false;
  /** Whatever the disk says, or does not take: not again before. Milliseconds since the epoch. */
  #rested = 0;

  constructor({ sql, sessions, tell, ...parts }: RebalanceParts) {
    this.#sessions = sessions;
    this.#tell = tell;
    this.#now = parts.now;
    this.#pods = new RebalancePods(parts);
    this.#runs = new Runs(sql);
  }

  async start({ pool, rate, target, dryRun, who }: RebalanceOrder): Promise<Reply<RebalanceStatus>> {
    const round = await this.#pods.round(pool);
    if ("ok" in round) return round;
    if (dryRun) return this.#plan(round, target);
    if (this.#runs.of(pool)?.state === "running") return RUNNING;
    const now = this.#now();
    const before = skewOf(round.seats);
    this.#searches.delete(pool);
    const counts = { moved: 0, before, since: now, next: now };
    this.#runs.save({ pool, state: "running", rate, target, who, why: "", ...counts });
    this.#tell("rebalance-began", { pool, rate, target, who });
    return this.status(pool);
  }

  async stop(pool: string): Promise<Reply<RebalanceStatus>> {
    const run = this.#runs.of(pool);
    if (run?.state === "running") this.#end(run, "stopped", "operator");
    const status = await this.status(pool);
    return status.ok && run?.state !== "running" ? NOT_RUNNING : status;
  }

  async status(pool: string): Promise<Reply<RebalanceStatus>> {
    const round = await this.#pods.round(pool);
    if ("ok" in round && round.status === 404) return round;
    const run = this.#runs.of(pool);
    const known = "ok" in round ? undefined : round.seats;
    const now = known === undefined ? null : skewOf(known);
    const left = known === undefined ? null : sum(surplus(known, run?.target ?? 1).give);
    if (run === undefined) return { ok: true, state: "none", moved: 0, left, skew: { before: null, now } };
    const { state, moved, before, rate, target, since, why } = run;
    return { ok: true, state, moved, left, skew: { before, now }, rate, target, since, why };
  }

  /** When something is to be done; undefined when nothing runs. */
  next(): number | undefined {
    const { running } = this.#runs;
    if (running.length === 0) return undefined;
    // A batch that is under way says itself when it is over; only if this object is ended meanwhile does nobody.
    if (this.#busy) return this.#now() + WATCH;
    const now = this.#now();
    const next = Math.min(now + WAIT, ...running.map((run) => run.next));
    return Math.max(Math.min(this.#rested, now + SECOND), next);
  }

  /** Moves what is due, and says whether anything was. Called twice at once it does it once. */
  async step(): Promise<boolean> {
    const now = this.#now();
    // One that is further away than any wait was set by a clock that has been put back since.
    const isDue = ({ next }: Run) => next <= now || next > now + WAIT;
    const due = this.#busy ? [] : this.#runs.running.filter(isDue);
    if (due.length === 0) return false;
    this.#busy = true;
    this.#rested = now + SECOND;
    try {
      for (const { pool } of due) await this.#advance(pool);
    } finally {
      this.#busy = false;
    }
    return true;
  }

  async #advance(pool: string): Promise<void> {
    const round = await this.#pods.round(pool);
    let run = this.#running(pool);
    if (run === undefined) return;
    if ("ok" in round) {
      if (round.status === 404) this.#end(run, "stopped", round.code);
      else this.#later(run, WAIT, round.code);
      return;
    }
    const batch = await this.#batch(run, round);
    run = this.#running(pool);
    if (run === undefined) return;
    if (batch === undefined) this.#later(run, WAIT, STORE_DOWN.code);
    else if (batch.length === 0) this.#over(run, round);
    else {
      // Before anything moves: who restarts in between must not be faster.
      this.#later(run, SECOND, "");
      const down = await this.#move(pool, round, batch);
      run = this.#running(pool);
      if (run !== undefined) this.#later(run, down ? WAIT : SECOND, down ? STORE_DOWN.code : "");
    }
  }

  /** Whom to move next, on the disk already. Undefined: the store does not answer. */
  async #batch({ pool, rate, target }: Run, round: Round): Promise<Begun[] | undefined> {
    const { pods, seats } = round;
    const begun = this.#runs.begun(pool, rate);
    const need = surplus(seats, target);
    // First what a lost answer left: nobody knows on which side those are counted.
    if (begun.length > 0 || sum(need.give) === 0) return begun;
    const search = this.#search(pool);
    const of = pods.map(({ tag }) => tag).join();
    if (search.of !== of) Object.assign(search, { of, queue: [], cursor: undefined, over: false });
    const sources = pods.filter((_, i) => need.give[i]! > 0);
    // Of pods that give no more nobody is needed.
    search.queue = search.queue.filter(({ from }) => need.give[from]! > 0);
    for (let pages = 0; search.queue.length < rate && !search.over && pages < PAGES; pages++) {
      const page = await this.#pods.page(round, sources, search.cursor);
      if (page === undefined) return undefined;
      const known = new Set(search.queue.map(({ sid }) => sid));
      const fresh = page.idle.filter(({ sid }) => !known.has(sid) && !this.#runs.touched(pool, sid));
      search.queue.push(...fresh);
      search.cursor = page.cursor;
      search.over = page.cursor === undefined;
    }
    // A stop while the store was asked: nobody has begun then.
    if (this.#running(pool) === undefined) return [];
    const steps = assign(search.queue, need, this.#pods.prefer(round), rate);
    const taken = new Set(steps.map(({ sid }) => sid));
    search.queue = search.queue.filter(({ sid }) => !taken.has(sid));
    const moves = steps.map(({ sid, from, to }) => ({ sid, from: pods[from]!.tag, to: pods[to]!.tag }));
    for (const move of moves) this.#runs.begin(pool, move);
    return moves;
  }

  /** There was nobody to move: the shares are met, or those that are left are active, or the listing is to begin anew. */
  #over(run: Run, { seats }: Round): void {
    const met = sum(surplus(seats, run.target).give) === 0;
    const { over, moved } = this.#search(run.pool);
    if (met || (over && moved === 0)) {
      this.#end(run, "done", met ? "" : "no-idle");
      return;
    }
    // Those that were active at first may be idle by now, and another pod may be too full.
    if (over) this.#searches.delete(run.pool);
    this.#later(run, SECOND, "");
  }

  /** Whether the store went away meanwhile. */
  async #move(pool: string, { pods }: Round, batch: readonly Begun[]): Promise<boolean> {
    const queue = batch[Symbol.iterator]();
    let down = false;
    const worker = async () => {
      for (const { sid, from, to } of { [Symbol.iterator]: () => queue }) {
        if (down || this.#running(pool) === undefined) return;
        // A pod that was meant and takes no more: who has not moved stays.
        const pod = pods.find(({ tag }) => tag === to);
        const reply = pod && (await this.#sessions.rebalance(sid, from, pod));
        if (reply?.ok === false && reply.status === 503) {
          down = true;
          return;
        }
        const moved = Number(reply?.ok === true);
        const run = this.#runs.of(pool);
        // Stopped meanwhile, it has moved all the same.
        if (run !== undefined) this.#runs.save({ ...run, moved: run.moved + moved });
        this.#runs.end(pool, sid);
        this.#search(pool).moved += moved;
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, worker));
    return down;
  }

  async #plan(round: Round, target: number): Promise<Reply<RebalanceStatus>> {
    const { pods, seats } = round;
    const need = surplus(seats, target);
    const sources = pods.filter((_, i) => need.give[i]! > 0);
    const idle = new Map<string, IdleSession>();
    let cursor: string | undefined;
    for (let pages = 0; sources.length > 0 && pages < PLANNED; pages++) {
      const page = await this.#pods.page(round, sources, cursor);
      if (page === undefined) return STORE_DOWN;
      for (const found of page.idle) idle.set(found.sid, found);
      cursor = page.cursor;
      if (cursor === undefined) break;
    }
    const steps = assign([...idle.values()], need, this.#pods.prefer(round), Number.POSITIVE_INFINITY);
    this.#rest();
    return { ok: true, ...planned(round, steps, target) };
  }

  #search(pool: string): Search {
    const known = this.#searches.get(pool);
    if (known !== undefined) return known;
    const search: Search = { of: "", queue: [], cursor: undefined, moved: 0, over: false };
    this.#searches.set(pool, search);
    return search;
  }

  #running(name: string): Run | undefined {
    return this.#runs.running.find(({ pool }) => pool === name);
  }

  #later(run: Run, ms: number, why: string): void {
    this.#runs.save({ ...run, next: this.#now() + ms, why });
  }

  #end(run: Run, state: "done" | "stopped", why: string): void {
    this.#runs.save({ ...run, state, why });
    this.#searches.delete(run.pool);
    this.#rest();
    this.#tell("rebalance-ended", { pool: run.pool, state, moved: run.moved, why });
  }

  /** Nobody needs the table any more. */
  #rest(): void {
    if (this.#runs.running.length === 0) this.#pods.free();
  }
}

function sum(counts: readonly number[]): number {
  return counts.reduce((all, count) => all + count, 0);
}

const RUNNING = refused(
  409,
  "already-running",
  "This pool is being rebalanced",
  "GET shows how far it is; DELETE stops it.",
);
const NOT_RUNNING = refused(
  409,
  "not-running",
  "This pool is not being rebalanced",
  "POST begins a rebalance.",
);
