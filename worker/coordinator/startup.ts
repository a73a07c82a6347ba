import type { Tell } from "../../src/events/catalog.ts";
import { errorText } from "../../src/events/record.ts";
import { type ConfigRecord, parseRecord } from "../../src/model/beat.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";
import type { Env } from "../env.ts";
import { parseText } from "../reader.ts";
import type { SnapshotStore } from "../sessions/snapshot.ts";
import type { ConfigStore } from "./config-store.ts";

/** Who wrote a config that came with the deployment. */
const BUNDLED = "MOORING_CONFIG";

/** Brings the config on the disk to where it must stand at start. */
export class Startup {
  readonly #config: ConfigStore;
  readonly #env: Env;
  readonly #snapshots: SnapshotStore | undefined;
  readonly #compile: (document: string, revision: number) => Promise<Snapshot>;
  readonly #tell: Tell;

  constructor(
    config: ConfigStore,
    env: Env,
    snapshots: SnapshotStore | undefined,
    compile: (document: string, revision: number) => Promise<Snapshot>,
    tell: Tell,
  ) {
    this.#config = config;
    this.#env = env;
    this.#snapshots = snapshots;
    this.#compile = compile;
    this.#tell = tell;
  }

  /** A new disk begins with what the store has kept, else with MOORING_CONFIG. */
  async run(): Promise<void> {
    if (this.#config.meta("incarnation") === undefined) await this.#firstStart();
    else await this.#follow();
    this.#config.keepSalt(newSalt());
    await this.#reset();
  }

  async #firstStart(): Promise<void> {
    const now = Date.now();
    const kept = await this.#kept();
    this.#config.setMeta("incarnation", String(Math.max(now, (kept?.incarnation ?? 0) + 1)));
    // Also when the config is not taken: another salt would lose every keyed session.
    if (kept !== undefined && kept.salt !== "") this.#config.keepSalt(kept.salt);
    if (
      kept !== undefined &&
      (await this.#install(kept.document, kept.revision, "restored from the store"))
    ) {
      this.#config.restoreDeparted(kept.departed, now);
      return;
    }
    if (this.#env.MOORING_CONFIG) await this.#install(this.#env.MOORING_CONFIG, 1, BUNDLED);
  }

  /** Until a first PUT the config is MOORING_CONFIG, also when that says something else than at the last start. */
  async #follow(): Promise<void> {
    const text = this.#env.MOORING_CONFIG;
    const [newest] = this.#config.history();
    if (!text || newest?.who !== BUNDLED) return;
    const parsed = await parseText(text);
    if (!parsed.ok || JSON.stringify(parsed.document) === this.#config.record?.document) return;
    await this.#install(text, this.#config.revision + 1, BUNDLED);
  }

  /** `npm start -- --config FILE` means the file, whatever was stored; once for each run, which the variable names. */
  async #reset(): Promise<void> {
    const run = this.#env.MOORING_CONFIG_RESET;
    if (!run || this.#config.meta("reset") === run) return;
    this.#config.setMeta("reset", run);
    const { record } = this.#config;
    const parsed = await parseText(this.#env.MOORING_CONFIG ?? "");
    if (parsed.ok && record?.document === JSON.stringify(parsed.document)) return;
    await this.#install(this.#env.MOORING_CONFIG ?? "", this.#config.revision + 1, BUNDLED);
  }

  /** Writes a config that did not come by a PUT; whether it was valid. */
  async #install(text: string, revision: number, who: string): Promise<boolean> {
    const parsed = await parseText(text);
    if (!parsed.ok) {
      const lines = parsed.errors.map(({ path, message }) => `${path}: ${message}`);
      this.#tell("config-refused", { who, error: errorText(lines.join("; ")) });
      return false;
    }
    const document = JSON.stringify(parsed.document);
    const after = await this.#compile(document, revision);
    const { record } = this.#config;
    const before = record === undefined ? undefined : await this.#compiled(record);
    this.#config.write(document, before, after, who, Date.now());
    this.#tell("config-applied", { revision, who });
    return true;
  }

  /** Undefined when this version does not take what an older or newer one had stored. */
  async #compiled({ document, revision }: ConfigRecord): Promise<Snapshot | undefined> {
    try {
      return await this.#compile(document, revision);
    } catch (error) {
      this.#tell("config-unusable", { error: errorText(error) });
      return undefined;
    }
  }

  async #kept(): Promise<ConfigRecord | undefined> {
    try {
      const text = await this.#snapshots?.get();
      if (text === undefined) return undefined;
      const record = parseRecord(text);
      if (record === undefined) this.#tell("snapshot-unread", { error: "it holds no config record" });
      return record;
    } catch (error) {
      this.#tell("snapshot-unread", { error: errorText(error) });
      return undefined;
    }
  }
}

/** 32 hex digits by chance. */
function newSalt(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
