import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const NAMES = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** The browser that MOORING_BROWSER names, else one on PATH; undefined where there is none. */
export function findBrowser(env: NodeJS.ProcessEnv): string | undefined {
  if (env.MOORING_BROWSER) return env.MOORING_BROWSER;
  const paths = (env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

export const MISSING = `error: no browser was found on PATH (${NAMES.join(", ")}). On Debian: apt-get install chromium; or name one in MOORING_BROWSER.`;
