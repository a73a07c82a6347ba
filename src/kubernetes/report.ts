import { type Diagnostic, formatPath, type Path } from "../config/diagnostic.ts";
import type { Fault } from "../config/fault.ts";
import type { Notice } from "../config/notice.ts";

/** From what has its whole effect to what has none. */
const LEVELS: readonly Notice["level"][] = ["honoured", "changed", "invalid", "ignored"];
/** Beyond it another notice of the same place begins. Characters. */
const MAX_MESSAGE = 600;
/** More would not be read, and the answer must stay small; the last one says how many were left out. */
const MAX_NOTICES = 5000;

/** What becomes of Kubernetes objects, besides the config: notices, and errors where the API server would refuse. */
export class Report {
  readonly notices: Notice[] = [];
  readonly errors: Diagnostic[] = [];
  readonly #said = new Set<string>();
  /** Object and path → where its notice is. */
  readonly #at = new Map<string, number>();

  /**
   * One notice for each place: what else is to be said of it goes to its end, and the strongest level counts.
   *
   * @param object `Service shop/cart`
   */
  notice(level: Notice["level"], object: string, path: Path, message: string): void {
    const notice = { level, object, path: formatPath(path), message };
    if (!this.#isNew(notice)) return;
    const key = JSON.stringify([object, notice.path]);
    const at = this.#at.get(key);
    const other = at === undefined ? undefined : this.notices[at]!;
    const both = `${other?.message}; ${message}`;
    if (other === undefined || both.length > MAX_MESSAGE) {
      this.#at.set(key, this.notices.length);
      this.notices.push(notice);
    } else {
      const stronger = LEVELS.indexOf(level) > LEVELS.indexOf(other.level) ? level : other.level;
      this.notices[at!] = { ...notice, level: stronger, message: both };
    }
  }

  error(object: string, path: Path, { message, hint }: Fault): void {
    const where = formatPath(path);
    const error = { path: where === "" ? object : `${object}: ${where}`, message, hint };
    if (this.#isNew(error)) this.errors.push(error);
  }

  /** What is read for each of several pools is told once. */
  #isNew(said: object): boolean {
    const key = JSON.stringify(said);
    if (this.#said.has(key)) return false;
    this.#said.add(key);
    return true;
  }
}

/** Bounds the list; the rest is counted in a last notice. */
export function boundedNotices(notices: readonly Notice[]): Notice[] {
  if (notices.length <= MAX_NOTICES) return [...notices];
  const message = `${notices.length - MAX_NOTICES + 1} more notices are not shown`;
  return [...notices.slice(0, MAX_NOTICES - 1), { level: "ignored", object: "", path: "", message }];
}
