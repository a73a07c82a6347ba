import { atLeast, atMost, type Gate, none, told } from "../gate.ts";
import { countBy } from "../herd.ts";
import { type LedgerEntry, wholeLedger } from "../ledger.ts";
import { eventually } from "../wait.ts";
import { type Audit, audit, type Change, groupBy, LOOSE, line, type Unexplained } from "./audit.ts";
import type { Trouble } from "./journal.ts";
import type { Shopper, Spell } from "./shopper.ts";
import type { Stage } from "./stage.ts";
import type { Stranger } from "./stranger.ts";

/** Within which every edge must go by a config that it can hear of. Seconds. */
const SOON = 10;

/** What clients saw of their sessions, against the ledger. */
interface Judged {
  readonly ledger: readonly LedgerEntry[];
  readonly result: Audit;
  /** Changes of keyed sessions that edges held apart while they had no store. */
  readonly parted: readonly Unexplained[];
  readonly unexplained: readonly Unexplained[];
  readonly phantoms: readonly LedgerEntry[];
  /** Entries that no client noticed, as an answer of theirs was lost. */
  readonly lost: readonly LedgerEntry[];
}

/** Holds all that clients saw on a stage against its journal and the ledger. Resolves with figures, told by invariant. */
export async function verdict(stage: Stage, stranger: Stranger): Promise<Gate[]> {
  const { shoppers, fleet, journal } = stage;
  const changes = shoppers.flatMap((shopper) => shopper.changes);
  const { ledger, result, parted, phantoms, unexplained, lost } = await judged(stage, changes);
  const spells = groupBy(
    shoppers.flatMap((one) => one.spells),
    ({ sid }) => sid,
  );
  const wrong = ledger.filter((entry) => !journal.justifies(entry) && !isTogether(entry, spells));
  const late = ledger.filter((entry) => !journal.justifies(entry, { late: false })).length - wrong.length;
  const cut = parted.filter(({ change }) => journal.storeAway(change.at));
  const troubles = groupBy([...shoppers, stranger].flatMap(troublesOf), (trouble) => journal.blame(trouble));
  const bought = fleet.pods.flatMap((pod) => pod.arrivals({ method: "POST" }).map(({ id }) => id));
  const twice = [...countBy(bought)].filter(([, count]) => count > 1);
  const robbed = shoppers.flatMap((shopper) => shopper.robbed);
  const divided = shoppers.flatMap((one) => one.divided).filter(({ at }) => !journal.parted(at));
  const behind = shoppers.flatMap(({ visits }) => visits.map((visit) => journal.behind(visit)));
  const untold = shoppers.flatMap(({ visits }) => visits).filter(({ revision }) => !(revision! >= 1)).length;
  const sum = (of: (shopper: Shopper) => number) => shoppers.reduce((total, one) => total + of(one), 0);

  tellBreaks(stage, changes, { ledger, result, parted, phantoms, unexplained, lost }, cut);
  list(
    stage,
    "unjustified",
    wrong.map((entry) => entryLine(stage, entry)),
  );
  for (const kind of ["store or coordinator", "nothing"] as const) {
    const own = troubles.get(kind) ?? [];
    list(
      stage,
      kind,
      own.map(
        ({ client, method, status, text, from, until }) =>
          `${client} ${method} ${status} after ${until - from} ms ${text.slice(0, 120)}`,
      ),
    );
  }
  list(stage, "robbed", robbed);
  list(
    stage,
    "stranger",
    stranger.wrongs.map(({ visit, text }) => `${visit} ${text}`),
  );
  const answers = sum((shopper) => shopper.answers);
  return [
    told("sessions", new Set(shoppers.flatMap(({ asked }) => [...asked.keys()])).size, "sessions"),
    told("answers to them", answers, "answers"),
    atLeast("visits of strangers, of each kind at least", stranger.fewest, 2, "visits"),
    atLeast("breaks that clients noticed and one entry explains", result.explained, 20, "breaks"),
    told("of them moved on before their client asked again", result.chains, "breaks"),
    told("keyed sessions back at an edge that had yet to hear of a move, and on", result.lagging, "changes"),
    none("unexplained breaks", unexplained.length, "breaks"),
    told("keyed sessions that two edges held apart without their store", cut.length, "changes"),
    told("or while it was slower than they wait", parted.length - cut.length, "changes"),
    told(
      "entries of theirs that no client noticed",
      result.phantoms.length - phantoms.length - lost.length,
      "entries",
    ),
    told("entries of clients that lost an answer then, and noticed nothing", lost.length, "entries"),
    none("entries of the ledger that no client noticed", phantoms.length, "entries"),
    none("I1: breaks of sessions whose pod was there and that nobody touched", wrong.length, "breaks"),
    told("breaks settled when their store was back, more than 4 s after what was done", late, "breaks"),
    ...[...countBy(ledger.map(({ cause }) => cause))].map(([cause, count]) =>
      told(`breaks by ${cause}`, count, "breaks"),
    ),
    told(
      "carts lost with their pod's process, the session at its pod",
      sum((one) => one.restarted),
      "carts",
    ),
    none("I1: carts robbed though their process lived", robbed.length, "items"),
    none(
      "I2: cookies at an epoch below the one that was shown",
      sum((one) => one.lowered),
      "answers",
    ),
    none("I2: sessions at two pods at one epoch, the store there", divided.length, "sessions"),
    none("I3: errors while store or coordinator alone were away", count("store or coordinator"), "requests"),
    atLeast("I4: new sessions that began while a pod took none", journal.newcomers, 1, "sessions"),
    none("I4: new sessions on pods that take none", stranger.of("newcomer"), "sessions"),
    none("I5: altered tokens that opened", stranger.of("forger"), "answers"),
    none("I6: stale or wrong configs that were taken", stage.intruded, "writes"),
    atLeast("I6: configs that were written", journal.writes, 1, "writes"),
    none("I6: answers that did not tell by which config they were given", untold, "answers"),
    atMost(
      "I6: longest that an edge did without a config it could have",
      behind.reduce((most, one) => Math.max(most, one), 0) / 1000,
      SOON,
      "s",
    ),
    atLeast("purchases that arrived", new Set(bought).size, 1, "requests"),
    none("I7: purchases that arrived twice", twice.length, "requests"),
    none("I8: requests of which a pod saw what is not its to see", stranger.of("spoofer"), "requests"),
    none("I9: halves of bodies that came as whole ones", stranger.of("halved"), "answers"),
    none(
      "I10: answers whose decision names another pod",
      sum((one) => one.misnamed),
      "answers",
    ),
    none(
      "I10: cookies that name another pod, or came from none or for a cache",
      sum((one) => one.misgiven) + stranger.of("cached"),
      "cookies",
    ),
    told("errors while this machine stood still", count("machine"), "requests"),
    told("errors while a pod was away that could not be sent again", count("excused"), "requests"),
    none("errors while nothing was away", count("nothing"), "requests"),
  ];

  function count(kind: ReturnType<typeof journal.blame>): number {
    return troubles.get(kind)?.length ?? 0;
  }
}

const troublesOf = ({ troubles }: { readonly troubles: readonly Trouble[] }) => troubles;

/** The ledger follows with the heartbeats: asked until all is explained, or nothing more comes. */
async function judged(stage: Stage, changes: readonly Change[]): Promise<Judged> {
  const { shoppers, fleet } = stage;
  const asked = new Map(shoppers.flatMap((shopper) => [...shopper.asked]));
  const judge = async () => {
    const ledger = await wholeLedger(fleet);
    const result = audit(changes, ledger, asked);
    const parted = result.unexplained.filter(({ change }) => change.apart);
    // Edges that held a session apart moved it apart, and came together, each by its own memory: its client saw half of it.
    const torn = new Set(shoppers.flatMap((shopper) => [...shopper.torn.keys()]));
    const unseen = result.phantoms.filter((entry) => !torn.has(entry.sid));
    const lost = unseen.filter((entry) => isLost(stage, entry));
    const phantoms = unseen.filter((entry) => !lost.includes(entry));
    const unexplained = result.unexplained.filter(({ change }) => !change.apart);
    return { ledger, result, parted, phantoms, unexplained, lost };
  };
  return eventually(judge, (found) => found.unexplained.length === 0 && found.phantoms.length === 0, {
    every: 500,
  });
}

/**
 * Whether edges that had a key's session apart came together with this: each when its client next comes there, however late
 * that is.
 */
function isTogether({ cause, sid, at }: LedgerEntry, spells: ReadonlyMap<string, readonly Spell[]>): boolean {
  const own = cause === "store-adopt" ? spells.get(sid) : undefined;
  return own?.some(({ from, until }) => at >= from - LOOSE && at <= until + LOOSE) ?? false;
}

/** Whose client asked and had no good answer then: it was moved, and never heard of it. */
function isLost({ shoppers }: Stage, { sid, at }: LedgerEntry): boolean {
  const own = shoppers.find(({ asked }) => asked.has(sid))?.troubles ?? [];
  return own.some(({ from, until }) => from <= at + LOOSE && until >= at - LOOSE);
}

function tellBreaks(
  stage: Stage,
  changes: readonly Change[],
  { ledger, parted, phantoms, unexplained }: Judged,
  cut: readonly Unexplained[],
): void {
  list(
    stage,
    "held apart by a slow store",
    parted.filter((one) => !cut.includes(one)).map(({ text }) => text),
  );
  list(
    stage,
    "unexplained",
    unexplained.map(({ text }) => text),
  );
  // The whole story of a session is needed to find out what went wrong with it.
  const odd = [...unexplained.map(({ change }) => change.sid), ...phantoms.map(({ sid }) => sid)];
  for (const sid of new Set(odd.slice(0, 4))) {
    for (const one of changes) {
      if (one.sid === sid) stage.options.say(`  ${one.client} ${one.from}→${one.to} ${one.said}`);
    }
    for (const one of ledger) {
      if (one.sid === sid) stage.options.say(`  ledger ${line(one)} +${stage.since(one.at)}`);
    }
  }
  list(
    stage,
    "phantom",
    phantoms.map((entry) => entryLine(stage, entry)),
  );
}

function entryLine(stage: Stage, entry: LedgerEntry): string {
  return `${entry.sid.slice(0, 8)} ${entry.pool} ${line(entry)} +${stage.since(entry.at)}`;
}

function list({ options }: Stage, what: string, lines: readonly string[]): void {
  for (const text of lines.slice(0, 12)) options.say(`${what}: ${text}`);
  if (lines.length > 12) options.say(`${what}: and ${lines.length - 12} more`);
}
