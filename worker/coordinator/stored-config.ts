import { compile } from "../../src/config/compile.ts";
import type { Config } from "../../src/config/schema.ts";
import { validate } from "../../src/config/validate.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";

/** A valid config, compiled as the revision that it is or would become. */
export function compileConfig(config: Config, revision: number): Promise<Snapshot> {
  return compile(config, revision, (data) => crypto.subtle.digest("SHA-256", data));
}

/** Compiles a stored document. Throws where this version does not take what another had stored. */
export function compileStored(document: string, revision: number): Promise<Snapshot> {
  const parsed = validate(JSON.parse(document));
  if (!parsed.ok) {
    const lines = parsed.errors.map(({ path, message }) => `${path}: ${message}`);
    throw new Error(`the stored config is not valid for this version: ${lines.join("; ")}`);
  }
  return compileConfig(parsed.config, revision);
}
