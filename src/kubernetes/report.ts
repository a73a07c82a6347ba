import { type Diagnostic, formatPath, type Path } from "../config/diagnostic.ts";
import type { Fault } from "../config/fault.ts";
import type { Notice } from "../config/notice.ts";

/** More would not be read, and the answer must stay small; the last one says how many were left out. */
const MAX_NOTICES = 5000;

/** What becomes of Kubernetes objects, besides the config: notices, and errors where the API server would refuse. */
export class Report {
  readonly notices: Notice[] = [];
  readonly errors: Diagnostic[] = [];

  /** @param object `Service shop/cart` */
  notice(level: Notice["level"], object: string, path: Path, message: string): void {
    this.notices.push({ level, object, path: formatPath(path), message });
  }

  error(object: string, path: Path, { message, hint }: Fault): void {
    const where = formatPath(path);
    this.errors.push({ path: where === "" ? object : `${object}: ${where}`, message, hint });
  }
}

/** Bounds the list; the rest is counted in a last notice. */
export function boundedNotices(notices: readonly Notice[]): Notice[] {
  if (notices.length <= MAX_NOTICES) return [...notices];
  const message = `${notices.length - MAX_NOTICES + 1} more notices are not shown`;
  return [...notices.slice(0, MAX_NOTICES - 1), { level: "ignored", object: "", path: "", message }];
}
