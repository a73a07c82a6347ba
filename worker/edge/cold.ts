import { errorText } from "../../src/events/record.ts";
import { type ConfigRecord, parseRecord } from "../../src/model/beat.ts";
import type { Background } from "../../src/model/ports.ts";
import { log } from "../log.ts";
import { parseText } from "../reader.ts";
import { readCache } from "./cache.ts";
import type { Heartbeat } from "./heartbeat.ts";
import type { Views } from "./views.ts";

/** How long a cold isolate waits for each place it asks. Milliseconds. */
const COLD = 500;

/** Where a cold isolate may find a config, besides the coordinator. */
export interface ColdSources {
  readonly heartbeat: Heartbeat | undefined;
  /** Reads the snapshot key that the coordinator writes to the store. */
  readonly snapshot: (() => Promise<string | undefined>) | undefined;
  /** MOORING_CONFIG. */
  readonly bundled: string | undefined;
}

/** coordinator → the colo's cached copy → the store's snapshot key → the bundled config. */
export async function coldStart(views: Views, sources: ColdSources, background: Background): Promise<void> {
  const { heartbeat } = sources;
  if (heartbeat !== undefined && (await attempt(() => heartbeat.beat(background)))) {
    if (views.current !== undefined) return;
  }
  for (const read of [readCache, sources.snapshot]) {
    if (read === undefined) continue;
    const found = await attempt(async () => {
      const text = await read();
      if (text === undefined) return;
      const record = parseRecord(text);
      if (record === undefined) throw new Error("what was kept is no config record");
      // `at` 0: old from the start, so that the coordinator is asked again soon.
      await views.adopt(record, 0);
    });
    if (found && views.current !== undefined) return;
  }
  if (sources.bundled !== undefined && views.current === undefined) {
    await attempt(async () => views.adopt(await bundledRecord(sources.bundled!), 0));
  }
}

/** The bundled config as a record that anything from a coordinator replaces. */
async function bundledRecord(text: string): Promise<ConfigRecord> {
  const parsed = await parseText(text);
  if (!parsed.ok) {
    const lines = parsed.errors.map(({ path, message }) => `${path}: ${message}`);
    throw new Error(`MOORING_CONFIG is not valid: ${lines.join("; ")}`);
  }
  return { incarnation: 0, revision: 0, document: JSON.stringify(parsed.document), departed: [], salt: "" };
}

/** Whether it went well in time; a source that fails is not the end, the next one is asked. */
async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  let cancel = () => {};
  const late = new Promise<false>((resolve) => {
    const timer = setTimeout(() => resolve(false), COLD);
    cancel = () => clearTimeout(timer);
  });
  const done = work().then(
    () => true,
    (error: unknown) => {
      log("cold-start-failed", { error: errorText(error) });
      return false;
    },
  );
  const well = await Promise.race([done, late]);
  cancel();
  return well;
}
