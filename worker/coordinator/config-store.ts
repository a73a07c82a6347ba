import type { ConfigRecord, DepartedPod } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import { CHUNK } from "./tables.ts";

/** Revisions that are kept for history and rollback. */
const HISTORY = 100;
/** How long a pod that left the config is remembered: tokens may name it so long. Milliseconds. */
const REMEMBERED = 7 * 24 * 3600 * 1000;
/** Departed pods that are remembered at most, the newest first. */
const MAX_DEPARTED = 5000;

/** The config on the coordinator's disk, with its history. A write succeeds only on the revision that it read. */
export class ConfigStore {
  readonly #sql: SqlStorage;
  #record: ConfigRecord | undefined;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get record(): ConfigRecord | undefined {
    this.#record ??= this.#load();
    return this.#record;
  }

  /** 0 before the first config. */
  get revision(): number {
    return this.record?.revision ?? 0;
  }

  /** When this disk was new; a coordinator on another disk has another. */
  get incarnation(): number {
    return Number(this.meta("incarnation") ?? 0);
  }

  meta(key: string): string | undefined {
    const [row] = this.#sql.exec<{ value: string }>("SELECT value FROM meta WHERE key = ?", key).toArray();
    return row?.value;
  }

  setMeta(key: string, value: string): void {
    this.#sql.exec("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", key, value);
  }

  /** Under which keyed sids are made: 32 hex digits, the same for as long as the deployment lives. */
  get salt(): string {
    return this.meta("salt") ?? "";
  }

  /** Takes over a salt once; one that is there already stays. */
  keepSalt(salt: string): void {
    this.#sql.exec("INSERT OR IGNORE INTO meta (key, value) VALUES ('salt', ?)", salt);
    this.#record = undefined;
  }

  /** Stores a document as the next revision. The caller has compared revisions in the same turn. */
  write(
    document: string,
    before: Snapshot | undefined,
    after: Snapshot,
    who: string,
    now: number,
  ): ConfigRecord {
    const { revision } = after;
    this.#sql.exec("INSERT INTO revisions (revision, at, who) VALUES (?, ?, ?)", revision, now, who);
    for (let part = 0; part * CHUNK < document.length; part++) {
      const text = document.slice(part * CHUNK, (part + 1) * CHUNK);
      this.#sql.exec("INSERT INTO documents (revision, part, text) VALUES (?, ?, ?)", revision, part, text);
    }
    this.#sql.exec("DELETE FROM revisions WHERE revision <= ?", revision - HISTORY);
    this.#sql.exec("DELETE FROM documents WHERE revision <= ?", revision - HISTORY);
    this.#depart(before, after, now);
    this.setMeta("revision", String(revision));
    this.#record = undefined;
    return this.record!;
  }

  /** Who wrote which revision, newest first. */
  history(): { revision: number; at: number; who: string }[] {
    return this.#sql
      .exec<{ revision: number; at: number; who: string }>(
        "SELECT revision, at, who FROM revisions ORDER BY revision DESC",
      )
      .toArray();
  }

  /** The document of a revision that is kept; undefined for any other. */
  document(revision: number): string | undefined {
    const parts = this.#sql
      .exec<{ text: string }>("SELECT text FROM documents WHERE revision = ? ORDER BY part", revision)
      .toArray();
    return parts.length === 0 ? undefined : parts.map(({ text }) => text).join("");
  }

  /** Takes over the departed pods of a snapshot that the store had kept. */
  restoreDeparted(pods: readonly DepartedPod[], now: number): void {
    for (const pod of pods) this.#remember(pod, now);
  }

  #remember({ tag, pool, id }: DepartedPod, now: number): void {
    const until = now + REMEMBERED;
    this.#sql.exec(
      "INSERT OR REPLACE INTO departed (tag, pool, id, until) VALUES (?, ?, ?, ?)",
      tag,
      pool,
      id,
      until,
    );
  }

  #depart(before: Snapshot | undefined, after: Snapshot, now: number): void {
    const present = new Set(after.pools.flatMap((pool) => pool.pods.map((pod) => pod.tag)));
    for (const pool of before?.pools ?? []) {
      for (const pod of pool.pods) {
        if (present.has(pod.tag)) continue;
        this.#remember({ tag: tagToHex(pod.tag), pool: pool.name, id: pod.id }, now);
      }
    }
    for (const tag of present) this.#sql.exec("DELETE FROM departed WHERE tag = ?", tagToHex(tag));
    this.#sql.exec("DELETE FROM departed WHERE until < ?", now);
    this.#sql.exec(
      "DELETE FROM departed WHERE tag NOT IN (SELECT tag FROM departed ORDER BY until DESC LIMIT ?)",
      MAX_DEPARTED,
    );
  }

  #load(): ConfigRecord | undefined {
    const revision = Number(this.meta("revision") ?? 0);
    const document = this.document(revision);
    if (document === undefined) return undefined;
    const departed = this.#sql
      .exec<{ tag: string; pool: string; id: string }>("SELECT tag, pool, id FROM departed")
      .toArray();
    return { incarnation: this.incarnation, revision, document, departed, salt: this.salt };
  }
}
