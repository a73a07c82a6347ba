import { DurableObject } from "cloudflare:workers";
import { compile } from "../../src/config/compile.ts";
import { parseConfig } from "../../src/config/parse.ts";
import type { Config } from "../../src/config/schema.ts";
import { validate } from "../../src/config/validate.ts";
import { isPodState, type PodState } from "../../src/health/state.ts";
import { type Beat, type BeatAnswer, type ConfigRecord, parseRecord } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Env } from "../env.ts";
import { openStore } from "../sessions/open.ts";
import type { SnapshotStore } from "../sessions/snapshot.ts";
import { ConfigStore } from "./config-store.ts";
import { putConfig } from "./config-write.ts";
import { Ledger } from "./ledger.ts";
import { Prober } from "./prober.ts";
import { TABLES } from "./tables.ts";

/** Who wrote a config that came with the deployment. */
const BUNDLED = "MOORING_CONFIG";
/** Heartbeat period at rest. Milliseconds. */
const PERIOD = { cloudflare: 2000, selfHosted: 1000 };
/** An isolate that has been silent this long is not counted as active. Milliseconds. */
const ACTIVE = 30_000;
/** Active isolates that one object carries at the shortest period. */
const PER_SECOND = 200;

/** The one object that holds the truth about config, health and load. */
export class Coordinator extends DurableObject<Env> {
  readonly config: ConfigStore;
  readonly #ledger: Ledger;
  readonly #prober = new Prober();
  readonly #active = new Map<string, number>();
  readonly #snapshots: SnapshotStore | undefined;
  #publishing = false;
  snapshot: Snapshot | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(TABLES);
    this.config = new ConfigStore(ctx.storage.sql);
    this.#ledger = new Ledger(ctx.storage.sql);
    this.#snapshots = openStore(env).snapshot;
    void ctx.blockConcurrencyWhile(() => this.#start());
  }

  override async fetch(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    switch (`${request.method} ${pathname}`) {
      case "POST /beat":
        return Response.json(await this.#beat((await request.json()) as Beat));
      case "GET /config":
        return Response.json(this.config.record ?? null);
      case "PUT /config":
        return putConfig(this, request);
      case "GET /history":
        return Response.json(this.config.history());
      case "GET /counts":
        return Response.json({ requests: this.#ledger.requests(), causes: this.#ledger.causes() });
      case "GET /breaks":
        return Response.json({ breaks: this.#ledger.breaks(1000), causes: this.#ledger.causes() });
      default:
        return Response.json({ error: "the coordinator has no such path" }, { status: 404 });
    }
  }

  override async alarm(): Promise<void> {
    try {
      const flips = await this.#prober.run(Date.now, Math.random);
      for (const { pod, state } of flips) {
        console.log(`"Readiness changed" pool="${pod.pool}" pod="${pod.id}" state="${state}"`);
        this.ctx.storage.sql.exec(
          "INSERT OR REPLACE INTO health (tag, state, since) VALUES (?, ?, ?)",
          tagToHex(pod.tag),
          state,
          Date.now(),
        );
      }
    } finally {
      await this.#schedule();
    }
  }

  /** Makes a written config the one in force: probes follow it, and cold edges find it in the store. */
  async enforce(snapshot: Snapshot): Promise<void> {
    this.snapshot = snapshot;
    this.#prober.follow(snapshot, this.#states(), Date.now());
    this.#forget();
    await this.#schedule();
    this.#publish();
  }

  /** Leaves the record in the store, where it outlives this disk. What fails is tried again with a later heartbeat. */
  #publish(): void {
    const { record } = this.config;
    if (this.#snapshots === undefined || record === undefined || this.#publishing) return;
    const mark = `${record.revision} ${record.salt}`;
    if (this.config.meta("published") === mark) return;
    this.#publishing = true;
    const put = this.#snapshots.put(JSON.stringify(record)).then(
      () => this.config.setMeta("published", mark),
      (error) => console.warn(`snapshot key not written: ${error}`),
    );
    this.ctx.waitUntil(put.finally(() => (this.#publishing = false)));
  }

  /** What was known of pods that are not probed any more would be news from the past if they came back. */
  #forget(): void {
    const probed = this.#prober.tags();
    const { sql } = this.ctx.storage;
    for (const { tag } of sql.exec<{ tag: string }>("SELECT tag FROM health").toArray()) {
      if (!probed.has(tag)) sql.exec("DELETE FROM health WHERE tag = ?", tag);
    }
  }

  /** Compiles a stored document. */
  compile(document: string, revision: number): Promise<Snapshot> {
    const parsed = validate(JSON.parse(document));
    if (!parsed.ok) {
      const lines = parsed.errors.map(({ path, message }) => `${path}: ${message}`);
      throw new Error(`the stored config is not valid for this version: ${lines.join("; ")}`);
    }
    return this.compileConfig(parsed.config, revision);
  }

  compileConfig(config: Config, revision: number): Promise<Snapshot> {
    return compile(config, revision, (data) => crypto.subtle.digest("SHA-256", data));
  }

  /** A new disk begins with what the store has kept, else with MOORING_CONFIG. */
  async #start(): Promise<void> {
    if (this.config.meta("incarnation") === undefined) await this.#firstStart();
    else await this.#follow();
    this.config.keepSalt(newSalt());
    await this.#reset();
    const { record } = this.config;
    if (record === undefined) return;
    try {
      await this.enforce(await this.compile(record.document, record.revision));
    } catch (error) {
      // The edges keep their last good view; a PUT mends it.
      console.error(`stored config not in force: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async #firstStart(): Promise<void> {
    const now = Date.now();
    const kept = await this.#kept();
    this.config.setMeta("incarnation", String(Math.max(now, (kept?.incarnation ?? 0) + 1)));
    // Also when the config is not taken: another salt would lose every keyed session.
    if (kept !== undefined && kept.salt !== "") this.config.keepSalt(kept.salt);
    if (
      kept !== undefined &&
      (await this.#install(kept.document, kept.revision, "restored from the store"))
    ) {
      this.config.restoreDeparted(kept.departed, now);
      return;
    }
    if (this.env.MOORING_CONFIG) await this.#install(this.env.MOORING_CONFIG, 1, BUNDLED);
  }

  /** Until a first PUT the config is MOORING_CONFIG, also when that says something else than at the last start. */
  async #follow(): Promise<void> {
    const text = this.env.MOORING_CONFIG;
    const [newest] = this.config.history();
    if (!text || newest?.who !== BUNDLED) return;
    const parsed = parseConfig(text);
    if (!parsed.ok || JSON.stringify(parsed.document) === this.config.record?.document) return;
    await this.#install(text, this.config.revision + 1, BUNDLED);
  }

  /** `npm start -- --config FILE` means the file, whatever was stored; once for each run, which the variable names. */
  async #reset(): Promise<void> {
    const run = this.env.MOORING_CONFIG_RESET;
    if (!run || this.config.meta("reset") === run) return;
    this.config.setMeta("reset", run);
    const { record } = this.config;
    const parsed = parseConfig(this.env.MOORING_CONFIG ?? "");
    if (parsed.ok && record?.document === JSON.stringify(parsed.document)) return;
    await this.#install(this.env.MOORING_CONFIG ?? "", this.config.revision + 1, BUNDLED);
  }

  /** Writes a config that did not come by a PUT; whether it was valid. */
  async #install(text: string, revision: number, who: string): Promise<boolean> {
    const parsed = parseConfig(text);
    if (!parsed.ok) {
      const lines = parsed.errors.map(({ path, message }) => `${path}: ${message}`);
      console.error(`${who} is not a valid config, so none is in force: ${lines.join("; ")}`);
      return false;
    }
    const document = JSON.stringify(parsed.document);
    const after = await this.compile(document, revision);
    const { record } = this.config;
    const before = record === undefined ? undefined : await this.#compiled(record);
    this.config.write(document, before, after, who, Date.now());
    return true;
  }

  /** Undefined when this version does not take what an older or newer one had stored. */
  async #compiled({ document, revision }: ConfigRecord): Promise<Snapshot | undefined> {
    try {
      return await this.compile(document, revision);
    } catch (error) {
      console.error(error instanceof Error ? error.message : String(error));
      return undefined;
    }
  }

  async #kept(): Promise<ConfigRecord | undefined> {
    try {
      const text = await this.#snapshots?.get();
      if (text === undefined) return undefined;
      const record = parseRecord(text);
      if (record === undefined) console.error("the snapshot key holds no config record, and is not used");
      return record;
    } catch (error) {
      console.warn(`snapshot key not read: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  }

  async #beat(beat: Beat): Promise<BeatAnswer> {
    const now = Date.now();
    this.#ledger.take(beat, now);
    this.#prober.served(beat.served, now);
    this.#publish();
    if (beat.failed.length > 0) {
      this.#prober.hurry(beat.failed, now);
      await this.#schedule();
    }
    const { record } = this.config;
    const base = {
      incarnation: this.config.incarnation,
      revision: record?.revision ?? 0,
      health: this.#prober.health(now),
      feed: { entries: [], seq: beat.feed },
      next: this.#period(beat.isolate, now),
    };
    const current = beat.incarnation === base.incarnation && beat.revision === base.revision;
    return record === undefined || current ? base : { ...base, config: record };
  }

  #period(isolate: string, now: number): number {
    this.#active.set(isolate, now);
    for (const [name, seen] of this.#active) if (now - seen > ACTIVE) this.#active.delete(name);
    const shortest = this.env.MOORING_PLATFORM === "cloudflare" ? PERIOD.cloudflare : PERIOD.selfHosted;
    return Math.min(5000, Math.max(shortest, (this.#active.size / PER_SECOND) * 1000));
  }

  #states(): Map<string, PodState> {
    const rows = this.ctx.storage.sql.exec<{ tag: string; state: string }>("SELECT tag, state FROM health");
    const states = new Map<string, PodState>();
    for (const { tag, state } of rows) if (isPodState(state)) states.set(tag, state);
    return states;
  }

  async #schedule(): Promise<void> {
    const next = this.#prober.next();
    if (next === undefined) return;
    await this.ctx.storage.setAlarm(Math.max(next, Date.now()));
  }
}

/** 32 hex digits by chance. */
function newSalt(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
