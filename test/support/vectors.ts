import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * A file of what other balancers answered, in the folder that MOORING_VECTORS names; undefined where there is none. Tests
 * that read one are of figures beyond those that stand in the tests themselves.
 */
export function vectors<T>(file: string): T | undefined {
  const folder = process.env.MOORING_VECTORS;
  if (folder === undefined) return undefined;
  const path = join(folder, file);
  if (!existsSync(path)) throw new Error(`MOORING_VECTORS has no ${file}`);
  return JSON.parse(readFileSync(path, "utf8")) as T;
}
