import { DurableObject } from "cloudflare:workers";
import { type Checkup, LONGER } from "../../src/doctor/checkup.ts";
import { errorText } from "../../src/events/record.ts";
import { checkKey, type Flip, Probes } from "../../src/health/probes.ts";
import { isPodState, type PodState, STATES } from "../../src/health/state.ts";
import type { Share } from "../../src/metrics/alerts.ts";
import type { Gauges } from "../../src/metrics/samples.ts";
import { Trends } from "../../src/metrics/trends.ts";
import type { Beat, BeatAnswer } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Pool } from "../../src/model/pool.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { GUARD, Guard } from "../../src/sessions/guard.ts";
import type { Env } from "../env.ts";
import { openStore } from "../sessions/open.ts";
import type { SnapshotStore } from "../sessions/snapshot.ts";
import { Alerting } from "./alerting.ts";
import { Audit, audited } from "./audit.ts";
import { answerOf } from "./beat-answer.ts";
import { Casebook } from "./casebook.ts";
import { ConfigStore } from "./config-store.ts";
import { putConfig } from "./config-write.ts";
import { EventLog } from "./event-log.ts";
import { FeedStore } from "./feed-store.ts";
import { Fleet } from "./fleet.ts";
import { standing, unavailable } from "./gauges.ts";
import { HealthLog } from "./health-log.ts";
import { HealthNotes } from "./health-notes.ts";
import { Ledger } from "./ledger.ts";
import { type Due, Operator, podOrPool, poolSubject, subjectsOf } from "./operator.ts";
import { NOTHING, Places } from "./places.ts";
import { PodWeights } from "./pod-weights.ts";
import { Pods } from "./pods.ts";
import { probeDue } from "./prober.ts";
import { Publisher } from "./publisher.ts";
import { Rebalance } from "./rebalance.ts";
import { serve } from "./serve.ts";
import { Sessions } from "./sessions.ts";
import { EJECTION, Sight } from "./sight.ts";
import { Startup } from "./startup.ts";
import { compileStored } from "./stored-config.ts";
import { TABLES } from "./tables.ts";
import { Weights } from "./weights.ts";

/** Heartbeat period at rest. Milliseconds. */
const PERIOD = { cloudflare: 2000, selfHosted: 1000 };
/** What an operator's call to the store may take: nobody's request waits for it. Milliseconds. */
const STORE = { budget: 2000, pause: 2000 };

/** The one object that holds the truth about config, health and load. */
export class Coordinator extends DurableObject<Env> {
  readonly alerting: Alerting;
  readonly audit: Audit;
  readonly config: ConfigStore;
  readonly events: EventLog;
  readonly ledger: Ledger;
  readonly pods: Pods;
  readonly sessions: Sessions;
  readonly rebalance: Rebalance;
  readonly trends = new Trends();
  readonly #feed: FeedStore;
  readonly #operator: Operator;
  readonly #weights: Weights;
  readonly #podWeights: PodWeights;
  readonly #health: HealthLog;
  readonly #notes: HealthNotes;
  readonly #probes = new Probes();
  readonly #fleet: Fleet;
  readonly #casebook = new Casebook();
  readonly #snapshots: SnapshotStore | undefined;
  readonly #publisher: Publisher | undefined;
  #places: Places | undefined;
  /** What the alarm was set to last. Milliseconds since the epoch. */
  #alarm = Number.POSITIVE_INFINITY;
  /** Since when the snapshot is in force here. Milliseconds since the epoch. */
  #enforced = 0;
  snapshot: Snapshot | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec(TABLES);
    this.events = new EventLog(sql);
    const { tell } = this.events;
    this.alerting = new Alerting(sql, env.MOORING_ALERT_WEBHOOK || undefined, Date.now(), tell);
    this.audit = new Audit(sql);
    this.config = new ConfigStore(sql);
    this.ledger = new Ledger(sql, tell);
    this.#feed = new FeedStore(sql);
    this.#operator = new Operator(sql, (due) => this.#passed(due));
    this.#weights = new Weights(sql);
    this.#podWeights = new PodWeights(sql);
    this.#health = new HealthLog(sql);
    this.#notes = new HealthNotes(this.#health, this.ledger, tell, (now) => {
      if (this.alerting.wake(now)) this.ctx.waitUntil(this.schedule());
    });
    this.#fleet = new Fleet(env.MOORING_PLATFORM === "cloudflare" ? PERIOD.cloudflare : PERIOD.selfHosted);
    const { store, snapshot } = openStore(env);
    this.#snapshots = snapshot;
    this.#publisher = snapshot && new Publisher(this.config, snapshot, tell);
    const now = () => Date.now();
    this.pods = new Pods(
      this.#operator,
      this.#weights,
      this.#podWeights,
      () => this.snapshot,
      new Sight(this.#probes, this.#fleet, this.#health, now),
      tell,
    );
    const guard = new Guard({ now }, after, { ...GUARD, ...STORE });
    const places = () => this.#placesNow();
    this.sessions = new Sessions({ store, guard, feed: this.#feed, ledger: this.ledger, places, now });
    const pool = (name: string) => {
      const found = this.snapshot?.pools.find((one) => one.name === name);
      return found && this.#podWeights.over(found);
    };
    this.rebalance = new Rebalance({ sql, store, guard, sessions: this.sessions, pool, places, now, tell });
    void ctx.blockConcurrencyWhile(() => this.#start());
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    const { tell } = this.events;
    switch (`${request.method} ${pathname}`) {
      case "POST /beat":
        return Response.json(await this.#beat((await request.json()) as Beat));
      case "PUT /config":
        return audited(this.audit, request, tell, (signed) => putConfig(this, signed));
      default:
        return audited(this.audit, request, tell, (signed) => serve(this, signed));
    }
  }

  override async alarm(): Promise<void> {
    try {
      this.flip();
      // Probes wait for no store. What it has begun it ends with an alarm of its own.
      this.ctx.waitUntil(this.#rebalanced());
      this.#notes.ejections(this.#fleet.readmit(Date.now()));
      this.alerting.step(() => this.#unavailable(), Date.now());
      // Who is told may hang: the next alarm is set without it.
      this.ctx.waitUntil(this.alerting.deliver(Date.now).then((did) => (did ? this.schedule() : undefined)));
      // Nor does the next alarm wait for a pod that hangs.
      this.ctx.waitUntil(probeDue(this.#probes, Date.now, Math.random, (flip) => this.#probed(flip)));
    } finally {
      await this.schedule();
    }
  }

  #probed(flip: Flip | undefined): void {
    if (flip !== undefined) {
      const { tag, check, state, ready } = flip;
      this.#notes.note(tag, check, state);
      if (ready) this.#fleet.started(tag, Date.now());
      if (ready && this.#fleet.recover(tag, Date.now())) this.#notes.note(tag, EJECTION, "returned");
    }
    // Its next turn came while it was on its way, or comes sooner by what it saw.
    if ((this.#probes.next() ?? Number.POSITIVE_INFINITY) < this.#alarm) this.ctx.waitUntil(this.schedule());
  }

  async #rebalanced(): Promise<void> {
    const did = await this.rebalance.step().catch((error) => {
      this.events.tell("rebalance-failed", { error: errorText(error) });
      return true;
    });
    if (did) await this.schedule();
  }

  /** Makes a written config the one in force: probes follow it, and cold edges find it in the store. */
  async enforce(snapshot: Snapshot): Promise<void> {
    this.#fleet.follow(snapshot, this.snapshot, Date.now());
    this.snapshot = snapshot;
    this.#enforced = Date.now();
    this.#places = undefined;
    this.#notes.follow(snapshot);
    this.#probes.follow(snapshot, this.#health.states(), Date.now());
    // What was known of what is not probed any more would be news from the past if it came back.
    const checks = this.#probes.keys();
    for (const tag of this.#notes.pods.keys()) checks.add(checkKey(tag, EJECTION));
    this.#health.forget(checks);
    this.#forgetOrders(snapshot);
    this.watch();
    await this.schedule();
    this.#publisher?.publish(this.ctx);
  }

  #unavailable(): Record<string, Share> {
    return unavailable(this.snapshot, this.pods.health());
  }

  /** After a change of config or orders: pods that are away may never be heard of again, and are for the alert rules. */
  watch(): void {
    if (Object.values(this.#unavailable()).some(({ bad }) => bad > 0)) this.alerting.wake(Date.now());
  }

  /** How pods and isolates stand now. */
  gauges(): Gauges {
    const now = Date.now();
    const { revision } = this.config;
    const pods = standing(this.snapshot, this.pods.health(), (tag) => this.#fleet.inflight(tag, now));
    return { revision, ...pods, ...this.#fleet.gauges(now), alerts: this.alerting.firing };
  }

  /** All live data that checks go by, but what the store alone knows. */
  checkup(): Checkup {
    const now = Date.now();
    const after = now - LONGER;
    const standing = {
      snapshot: this.snapshot,
      revision: this.config.revision,
      enforced: this.#enforced,
      period: this.#fleet.period,
      pods: (pool: Pool) => this.pods.glance(pool),
      m: (pool: string) => this.#fleet.middle(pool),
      breaks: this.ledger.since(after),
      flips: this.#health.turns(after),
      sealed: this.ledger.sealed(),
    };
    return this.#casebook.checkup(standing, now);
  }

  /** Ends drains whose deadline has passed: the coordinator alone does, so that edges compare no clocks. */
  flip(): void {
    this.#operator.flip(Date.now());
  }

  #passed({ subject, order: { state, who } }: Due): void {
    this.events.tell("deadline-passed", { ...podOrPool(subject, this.#notes.pods), state, who });
  }

  /** One alarm for all: the next probe, deadline or return of an ejected pod, or the next sessions to rebalance. */
  async schedule(): Promise<void> {
    const times = [
      this.#probes.next(),
      this.#operator.next(),
      this.#fleet.next(),
      this.rebalance.next(),
      this.alerting.next(),
    ].filter((time) => time !== undefined);
    if (times.length === 0) return;
    this.#alarm = Math.max(Math.min(...times), Date.now());
    await this.ctx.storage.setAlarm(this.#alarm);
  }

  /** The states that edges would hear of if a document were in force; nothing changes. It was found valid before. */
  async foresee(document: string): Promise<{ revision: number; health: Record<string, PodState> }> {
    const { revision } = this.config;
    const snapshot = await compileStored(document, revision + 1);
    return { revision, health: this.pods.foresee(snapshot) };
  }

  async #start(): Promise<void> {
    await new Startup(this.config, this.env, this.#snapshots, compileStored, this.events.tell).run();
    this.flip();
    const { record } = this.config;
    if (record === undefined) return;
    try {
      await this.enforce(await compileStored(record.document, record.revision));
      // Ejections are in memory alone, so a restart ends them.
      const states = this.#health.states();
      for (const tag of this.#notes.pods.keys()) {
        if (states.get(checkKey(tag, EJECTION)) === "ejected") this.#notes.note(tag, EJECTION, "returned");
      }
    } catch (error) {
      // The edges keep their last good view; a PUT mends it.
      this.events.tell("config-unusable", { error: errorText(error) });
    }
  }

  /** An order outlives its pod's absence as long as sessions may come back to it. */
  #forgetOrders(snapshot: Snapshot): void {
    const known = subjectsOf(snapshot, tagToHex);
    for (const { tag, pool } of this.config.record?.departed ?? []) known.add(tag).add(poolSubject(pool));
    this.#operator.forget(known);
    this.#podWeights.forget(known);
    this.#weights.forget((pool) => known.has(poolSubject(pool)), Date.now());
  }

  #placesNow(): Places {
    this.#places ??= new Places(this.snapshot ?? NOTHING, this.config.record?.departed ?? [], (pod) =>
      this.pods.state(pod),
    );
    return this.#places;
  }

  async #beat(beat: Beat): Promise<BeatAnswer> {
    const now = Date.now();
    if (this.ledger.take(beat, now)) {
      this.alerting.take(beat, now);
      this.trends.take(beat.counts, beat.tallies ?? {}, now);
    }
    this.#casebook.take(beat, this.config.revision, now);
    this.#probes.served(beat.served, now);
    this.flip();
    this.#publisher?.publish(this.ctx);
    const mended = this.#probes.mend(now);
    this.#probes.hurry(beat.failed, now);
    let health: Readonly<Record<string, PodState>> | undefined;
    // Only once the heartbeat was heard: what it ejects is out with its answer.
    const states = () => {
      health ??= this.pods.health();
      return health;
    };
    const { flips, ...word } = this.#fleet.hear(beat, now, (tag) => isAdmitting(states()[tag]));
    this.#notes.ejections(flips);
    const sooner = (this.alerting.next() ?? Number.POSITIVE_INFINITY) < this.#alarm;
    if (mended || beat.failed.length > 0 || flips.length > 0 || sooner) await this.schedule();
    const told = {
      config: this.config,
      feed: this.#feed,
      weights: this.#weights.told,
      podWeights: this.#podWeights.told,
      health: states(),
    };
    return answerOf(beat, word, told, now);
  }
}

function isAdmitting(state: string | undefined): boolean {
  return state === undefined || (isPodState(state) && STATES[state].admit);
}

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
