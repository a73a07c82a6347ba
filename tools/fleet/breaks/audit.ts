import type { LedgerEntry } from "../ledger.ts";

/**
 * What a client saw become of its session. Who holds a cookie sees epochs: the one before and the one after. Who is found by
 * a key sees pods alone, and whether a session began anew.
 */
export interface Change {
  readonly client: string;
  readonly sid: string;
  readonly at: number;
  /** The edge that told it so. */
  readonly edge: number;
  /** The pod that answered before. */
  readonly from: string;
  /** The pod that answers now; empty when the session ended. */
  readonly to: string;
  /** Of the cookie before and after; undefined for keyed sessions. For a session that ended: its last, twice. */
  readonly epochs: readonly [before: number, after: number] | undefined;
  /** A keyed session that was said to begin, here: it has ended before, or its edge could not know that it was there. */
  readonly anew?: boolean;
  /**
   * Whether this answer or the one before said that it had no word of the store: edges may have a key's session apart until
   * they ask it again, and no ledger can tell of that.
   */
  readonly apart?: boolean;
  /** Whether any answer of this session had said so before: entries of what edges did apart may stand before its own. */
  readonly torn?: boolean;
  /** What the answer said, for whoever has to find out. */
  readonly said: string;
}

/** How the ledger and the clients agree. */
export interface Audit {
  /** Changes that exactly one entry, or one chain of entries from the old pod to the new, explains. */
  readonly explained: number;
  /** Of them those with more than one entry: the session moved on before its client asked again. */
  readonly chains: number;
  /** Changes back to the pod before, and on again, by an edge that had yet to ask for the key again. */
  readonly lagging: number;
  /** Changes without. */
  readonly unexplained: readonly Unexplained[];
  /** Entries that no client saw, though its client asked again. */
  readonly phantoms: readonly LedgerEntry[];
}

/**
 * All who follow a move tell of it, and the ledger keeps whose heartbeat comes first, with the time of its request: that may
 * be another edge's, a few of the client's requests later. Milliseconds.
 */
const RETOLD = 10_000;

/** By which an edge's time of a request and its client's may differ. Milliseconds. */
export const LOOSE = 1000;

/** For how long an edge goes by what it knows of a key, the heartbeat's period, and what its requests take. Milliseconds. */
const LAG = 1000 + LOOSE;

/** A change, and why the ledger does not tell of it. */
export interface Unexplained {
  readonly change: Change;
  readonly text: string;
}

const isEnd = ({ to }: LedgerEntry) => to === "";
/** Where another pod of the same epoch was the store's, that came after the move to it. */
const isAdopted = ({ cause }: LedgerEntry) => cause === "store-adopt";
const placeOf = (entry: LedgerEntry) => (isEnd(entry) ? 2 : isAdopted(entry) ? 1 : 0);

/**
 * Holds what clients saw against the ledger, session by session, in order.
 *
 * - A cookie that went from epoch a to b: the entries of its sid with epochs in (a, b] must lead from the one pod to the
 *   other, each from where the one before came to; from a itself, where the store had another pod at that epoch. None is
 *   needed when the pod is the same: a move may have been undone.
 * - A keyed session that is on another pod: the next entries of its sid must lead there; of one that edges ever had apart, some
 *   that follow each other, with what an edge did apart before or between them.
 * - A keyed session that was said to begin, though it was there: its end is next in the ledger; or its pod is the same, and an
 *   edge that had never met the key did without its store.
 * - A session that ended: one entry without a pod it went to, at its last epoch or later; moves in between went unseen.
 *
 * @param asked when the client of a sid last had an answer: what the ledger took later it cannot have seen
 */
export function audit(
  changes: readonly Change[],
  ledger: readonly LedgerEntry[],
  asked: ReadonlyMap<string, number>,
): Audit {
  const entries = groupBy(ledger, ({ sid }) => sid);
  const used = new Set<LedgerEntry>();
  const unexplained: Unexplained[] = [];
  let explained = 0;
  let chains = 0;
  let lagging = 0;
  for (const [sid, seen] of groupBy(changes, (change) => change.sid)) {
    const own = (entries.get(sid) ?? []).toSorted((a, b) => a.epoch - b.epoch || placeOf(a) - placeOf(b));
    let last: Change | undefined;
    let back: Change | undefined;
    for (const change of seen) {
      // What came later cannot be what the client saw, however well it would fit; least of all what edges did apart.
      const until = change.at + (change.apart ? LOOSE : RETOLD);
      const left = own.filter((entry) => !used.has(entry) && entry.at <= until);
      const path = change.epochs === undefined ? pathByPod(change, left) : pathByEpoch(change, left);
      if (path === undefined && (isBack(change, last) || isBack(change, back, Number.POSITIVE_INFINITY))) {
        back = back === undefined ? change : undefined;
        last = undefined;
        lagging++;
        continue;
      }
      if (path === undefined) {
        const text = `${describe(change)}; the ledger has ${left.map(line).join(", ") || "nothing"}`;
        unexplained.push({ change, text });
        continue;
      }
      for (const entry of path) used.add(entry);
      if (change.torn) for (const entry of left.slice(0, left.indexOf(path[0]!))) used.add(entry);
      last = change.epochs === undefined && path.length > 0 ? change : undefined;
      back = undefined;
      if (path.length > 0) explained++;
      if (path.length > 1) chains++;
    }
  }
  const phantoms = ledger.filter((entry) => !used.has(entry) && entry.at < (asked.get(entry.sid) ?? 0));
  return { explained, chains, lagging, unexplained, phantoms };
}

/** Whether a change takes another back: a move that an edge has yet to hear of, which asks once in a heartbeat; then on again. */
function isBack({ from, to, at, edge }: Change, other: Change | undefined, within = LAG): boolean {
  if (other === undefined || to === "") return false;
  return from === other.to && to === other.from && edge !== other.edge && at - other.at <= within;
}

/** The entries that explain a change of a cookie's session; undefined: they do not. */
function pathByEpoch(change: Change, left: readonly LedgerEntry[]): LedgerEntry[] | undefined {
  const [before, after] = change.epochs!;
  if (change.to === "") return pathToEnd(left.filter(({ epoch }) => epoch >= before));
  const moves = left.filter((entry) => entry.epoch >= before && entry.epoch <= after && !isEnd(entry));
  const path = moves.filter(({ epoch }) => epoch > before);
  if (leads(change, path)) return path;
  const adopted = moves.filter((entry) => entry.epoch > before || isAdopted(entry));
  return leads(change, adopted) ? adopted : undefined;
}

function pathByPod(change: Change, left: readonly LedgerEntry[]): LedgerEntry[] | undefined {
  const path = pathFrom(change, left);
  if (path !== undefined || !change.torn || change.to === "") return path;
  for (let start = 1; start < left.length; start++) {
    const later = pathFrom(change, left.slice(start));
    if (later !== undefined && later.length > 0) return later;
  }
  return pathPast(change, left);
}

/** What an edge moved apart may also stand between two of them, as its epochs are its own. */
function pathPast({ from, to }: Change, left: readonly LedgerEntry[]): LedgerEntry[] | undefined {
  const ways = new Map<string, LedgerEntry[]>([[from, []]]);
  for (const entry of left) {
    const way = ways.get(entry.from);
    if (way !== undefined && !isEnd(entry) && !ways.has(entry.to)) ways.set(entry.to, [...way, entry]);
  }
  return from === to ? undefined : ways.get(to);
}

function pathFrom(change: Change, left: readonly LedgerEntry[]): LedgerEntry[] | undefined {
  if (change.to === "") return pathToEnd(left);
  if (change.anew) {
    const path = pathToEnd(left);
    if (path !== undefined || change.from === change.to) return path ?? [];
  }
  for (let length = 1; length <= left.length; length++) {
    const path = left.slice(0, length);
    if (isEnd(path[length - 1]!)) return undefined;
    if (leads(change, path)) return path;
  }
  return undefined;
}

function pathToEnd(left: readonly LedgerEntry[]): LedgerEntry[] | undefined {
  const end = left.findIndex(isEnd);
  return end < 0 ? undefined : left.slice(0, end + 1);
}

/** Whether the entries go from the one pod to the other without a gap. */
function leads({ from, to }: Change, path: readonly LedgerEntry[]): boolean {
  let at = from;
  for (const entry of path) {
    if (entry.from !== at) return false;
    at = entry.to;
  }
  return at === to;
}

export function line({ epoch, from, to, cause }: LedgerEntry): string {
  return `${epoch} ${from}→${to || "end"} ${cause}`;
}

function describe({ client, sid, from, to, epochs, said }: Change): string {
  const which = epochs === undefined ? "" : ` at epochs ${epochs.join("→")}`;
  return `${client} (${sid.slice(0, 8)}) saw ${from}→${to || "end"}${which} by ${said}`;
}

export function groupBy<T, K>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const own = groups.get(key(item));
    if (own === undefined) groups.set(key(item), [item]);
    else own.push(item);
  }
  return groups;
}
