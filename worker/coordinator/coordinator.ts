import { DurableObject } from "cloudflare:workers";
import { compile } from "../../src/config/compile.ts";
import type { Config } from "../../src/config/schema.ts";
import { validate } from "../../src/config/validate.ts";
import { isPodState, type PodState, STATES } from "../../src/health/state.ts";
import type { Beat, BeatAnswer } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { GUARD, Guard } from "../../src/sessions/guard.ts";
import type { Env } from "../env.ts";
import { openStore } from "../sessions/open.ts";
import type { SnapshotStore } from "../sessions/snapshot.ts";
import { ConfigStore } from "./config-store.ts";
import { putConfig } from "./config-write.ts";
import { FeedStore } from "./feed-store.ts";
import { Fleet } from "./fleet.ts";
import { HealthLog } from "./health-log.ts";
import { Ledger } from "./ledger.ts";
import { Operator, subjectsOf } from "./operator.ts";
import { Places } from "./places.ts";
import { Pods } from "./pods.ts";
import { Prober } from "./prober.ts";
import { serve } from "./serve.ts";
import { Sessions } from "./sessions.ts";
import { Startup } from "./startup.ts";
import { TABLES } from "./tables.ts";

/** Heartbeat period at rest. Milliseconds. */
const PERIOD = { cloudflare: 2000, selfHosted: 1000 };
/** Until the next heartbeat while more of the feed waits. Milliseconds. */
const CATCH_UP = 500;
/** A snapshot key that could not be written is tried again no sooner than this, however many heartbeats come. Milliseconds. */
const RETRY = 10_000;
/** What an operator's call to the store may take: nobody's request waits for it. Milliseconds. */
const STORE = { budget: 2000, pause: 2000 };

/** The one object that holds the truth about config, health and load. */
export class Coordinator extends DurableObject<Env> {
  readonly config: ConfigStore;
  readonly ledger: Ledger;
  readonly pods: Pods;
  readonly sessions: Sessions;
  readonly #feed: FeedStore;
  readonly #operator: Operator;
  readonly #health: HealthLog;
  readonly #prober = new Prober();
  readonly #fleet: Fleet;
  readonly #snapshots: SnapshotStore | undefined;
  #places: Places | undefined;
  #publishing = false;
  /** When the snapshot key was last tried in vain. Milliseconds since the epoch. */
  #published = 0;
  snapshot: Snapshot | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec(TABLES);
    this.config = new ConfigStore(sql);
    this.ledger = new Ledger(sql);
    this.#feed = new FeedStore(sql);
    this.#operator = new Operator(sql);
    this.#health = new HealthLog(sql);
    this.#fleet = new Fleet(env.MOORING_PLATFORM === "cloudflare" ? PERIOD.cloudflare : PERIOD.selfHosted);
    const { store, snapshot } = openStore(env);
    this.#snapshots = snapshot;
    const now = () => Date.now();
    const probed = (tag: string) => ({
      state: this.#prober.state(tag, now()),
      since: this.#health.since(tag),
    });
    this.pods = new Pods(this.#operator, () => this.snapshot, probed);
    this.sessions = new Sessions({
      store,
      guard: new Guard({ now }, after, { ...GUARD, ...STORE }),
      feed: this.#feed,
      ledger: this.ledger,
      places: () => this.#placesNow(),
      now,
    });
    void ctx.blockConcurrencyWhile(() => this.#start());
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "POST /beat":
        return Response.json(await this.#beat((await request.json()) as Beat));
      case "PUT /config":
        return putConfig(this, request);
      default:
        return serve(this, request);
    }
  }

  override async alarm(): Promise<void> {
    try {
      this.flip();
      const flips = await this.#prober.run(Date.now, Math.random);
      for (const { pod, state } of flips) {
        console.log(`"Readiness changed" pool="${pod.pool}" pod="${pod.id}" state="${state}"`);
        this.#health.record(tagToHex(pod.tag), state, Date.now());
        if (state === "ready") this.#fleet.started(tagToHex(pod.tag), Date.now());
      }
    } finally {
      await this.schedule();
    }
  }

  /** Makes a written config the one in force: probes follow it, and cold edges find it in the store. */
  async enforce(snapshot: Snapshot): Promise<void> {
    this.#fleet.follow(snapshot, this.snapshot, Date.now());
    this.snapshot = snapshot;
    this.#places = undefined;
    this.#prober.follow(snapshot, this.#health.states(), Date.now());
    // What was known of pods that are not probed any more would be news from the past if they came back.
    this.#health.forget(this.#prober.tags());
    this.#forgetOrders(snapshot);
    await this.schedule();
    this.#publish();
  }

  /** Ends drains whose deadline has passed: the coordinator alone does, so that edges compare no clocks. */
  flip(): void {
    for (const { subject, order } of this.#operator.flip(Date.now())) {
      console.log(`"Deadline passed" subject="${subject}" state="${order.state}" who="${order.who}"`);
    }
  }

  /** One alarm for all: the next probe or the next deadline. */
  async schedule(): Promise<void> {
    const times = [this.#prober.next(), this.#operator.next()].filter((time) => time !== undefined);
    if (times.length === 0) return;
    await this.ctx.storage.setAlarm(Math.max(Math.min(...times), Date.now()));
  }

  compileConfig(config: Config, revision: number): Promise<Snapshot> {
    return compile(config, revision, (data) => crypto.subtle.digest("SHA-256", data));
  }

  /** The states that edges would hear of if a document were in force; nothing changes. It was found valid before. */
  async foresee(document: string): Promise<{ revision: number; health: Record<string, PodState> }> {
    const { revision } = this.config;
    const probed = this.#prober.tags();
    const snapshot = await this.#compile(document, revision + 1);
    return { revision, health: this.pods.foresee(snapshot, (tag) => probed.has(tag)) };
  }

  /** Compiles a stored document. */
  #compile(document: string, revision: number): Promise<Snapshot> {
    const parsed = validate(JSON.parse(document));
    if (!parsed.ok) {
      const lines = parsed.errors.map(({ path, message }) => `${path}: ${message}`);
      throw new Error(`the stored config is not valid for this version: ${lines.join("; ")}`);
    }
    return this.compileConfig(parsed.config, revision);
  }

  async #start(): Promise<void> {
    const compiled = (document: string, revision: number) => this.#compile(document, revision);
    await new Startup(this.config, this.env, this.#snapshots, compiled).run();
    this.flip();
    const { record } = this.config;
    if (record === undefined) return;
    try {
      await this.enforce(await compiled(record.document, record.revision));
    } catch (error) {
      // The edges keep their last good view; a PUT mends it.
      console.error(`stored config not in force: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  /** Leaves the record in the store, where it outlives this disk. What fails is tried again with a later heartbeat. */
  #publish(): void {
    const { record } = this.config;
    if (this.#snapshots === undefined || record === undefined || this.#publishing) return;
    if (Math.abs(Date.now() - this.#published) < RETRY) return;
    const mark = `${record.revision} ${record.salt}`;
    if (this.config.meta("published") === mark) return;
    this.#publishing = true;
    this.#published = Date.now();
    const put = this.#snapshots.put(JSON.stringify(record)).then(
      () => {
        this.config.setMeta("published", mark);
        this.#published = 0;
      },
      (error) => console.warn(`snapshot key not written: ${error}`),
    );
    this.ctx.waitUntil(put.finally(() => (this.#publishing = false)));
  }

  /** An order outlives its pod's absence as long as sessions may come back to it. */
  #forgetOrders(snapshot: Snapshot): void {
    const known = subjectsOf(snapshot, tagToHex);
    for (const { tag, pool } of this.config.record?.departed ?? []) known.add(tag).add(`pool/${pool}`);
    this.#operator.forget(known);
  }

  #placesNow(): Places {
    const none = {
      revision: 0,
      explain: false,
      zone: undefined,
      trustedProxies: [],
      limits: { headers: 0, headerBytes: 0, url: 0 },
      announce: undefined,
      pools: [],
      scopes: [],
      routes: [],
    };
    this.#places ??= new Places(this.snapshot ?? none, this.config.record?.departed ?? [], (pod) =>
      this.pods.state(pod),
    );
    return this.#places;
  }

  async #beat(beat: Beat): Promise<BeatAnswer> {
    const now = Date.now();
    this.ledger.take(beat, now);
    this.#prober.served(beat.served, now);
    this.flip();
    this.#publish();
    const mended = this.#prober.mend(now);
    this.#prober.hurry(beat.failed, now);
    if (mended || beat.failed.length > 0) await this.schedule();
    const { record, incarnation } = this.config;
    // A position on another feed says nothing of this one.
    const { entries, seq, more } = this.#feed.page(beat.incarnation === incarnation ? beat.feed : 0, now);
    const health = this.pods.health();
    const admits = (tag: string) => isAdmitting(health[tag]);
    const { period, ...word } = this.#fleet.hear(beat, now, admits);
    const base = {
      ...word,
      incarnation,
      revision: record?.revision ?? 0,
      health,
      feed: { entries, seq },
      next: more ? CATCH_UP : period,
    };
    const current = beat.incarnation === base.incarnation && beat.revision === base.revision;
    return record === undefined || current ? base : { ...base, config: record };
  }
}

function isAdmitting(state: string | undefined): boolean {
  return state === undefined || (isPodState(state) && STATES[state].admit);
}

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
