import { resolve } from "node:path";

/** A path as the user meant it: from where npm was called, as the scripts themselves run in the top folder. */
export function userPath(path: string): string {
  return resolve(process.env.INIT_CWD ?? process.cwd(), path);
}
