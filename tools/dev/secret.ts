import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { StartError } from "../serve/port.ts";

/** Bytes of key material, as text; a token sealed with less could be forged. */
const LEAST = 32;

/** The secret and where it is from, in words. */
export interface Secret {
  value: string;
  from: string;
}

/**
 * MOORING_SECRET, or the checkout's own, which is made once, so that cookies outlive a restart. Several processes may
 * make it at once: all use the one whose link came first. Throws StartError when it is too short.
 */
export function findSecret(env: NodeJS.ProcessEnv, root: string): Secret {
  const given = env.MOORING_SECRET;
  if (given) return { value: long(given, "MOORING_SECRET"), from: "MOORING_SECRET" };
  const path = join(root, ".mooring", "secret");
  if (existsSync(path)) return { value: read(path), from: ".mooring/secret" };
  mkdirSync(join(root, ".mooring"), { recursive: true });
  const fresh = `${path}-${process.pid}`;
  writeFileSync(fresh, `${randomBytes(LEAST).toString("base64url")}\n`, { mode: 0o600 });
  chmodSync(fresh, 0o600); // whatever the umask
  try {
    linkSync(fresh, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return { value: read(path), from: ".mooring/secret" };
  } finally {
    rmSync(fresh, { force: true });
  }
  return { value: read(path), from: ".mooring/secret, made just now; set MOORING_SECRET to use another" };
}

function read(path: string): string {
  return long(readFileSync(path, "utf8").trim(), path);
}

function long(value: string, name: string): string {
  if (Buffer.byteLength(value) < LEAST) throw new StartError(`${name} must have at least ${LEAST} bytes`);
  return value;
}
