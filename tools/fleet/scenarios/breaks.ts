import { setTimeout as sleep } from "node:timers/promises";
import { audit, groupBy, line, type Unexplained } from "../breaks/audit.ts";
import { Stage } from "../breaks/stage.ts";
import { STEPS, type StepName } from "../breaks/steps.ts";
import { atLeast, type Gate, none, told } from "../gate.ts";
import { countBy } from "../herd.ts";
import { wholeLedger } from "../ledger.ts";
import type { Run } from "../scenario.ts";
import { eventually, inParallel } from "../wait.ts";

/** The quick form: what tells most, in an order that leaves none of it alone. */
const QUICK: readonly StepName[] = [
  "pod-kill",
  "move",
  "scale-out",
  "drain",
  "revoke",
  "coordinator-restart",
  "edge-restart",
  "scale-in",
  "redis-restart",
  "partition-store",
];

/**
 * Hundreds of clients fill carts while everything that can happen to a fleet does, one thing after another. Each break that
 * a client noticed must be in the ledger once, and nothing else may be there.
 */
export async function breaks({ quick, bundleDir, seed, say }: Run): Promise<Gate[]> {
  const stage = await Stage.open({
    edges: quick ? 2 : 3,
    pods: 5,
    clients: { cookie: 300, keyed: 60, learned: 60 },
    seed,
    hold: quick ? 1000 : 4000,
    think: 4000,
    bundleDir,
    say,
  });
  const { shoppers, fleet, journal } = stage;
  let running = true;
  const unwatch = stage.watch();
  try {
    await stage.ready();
    // One after another at first: an edge that starts cold under a crowd may take its store for slow, and do without it.
    for (const [i, shopper] of shoppers.entries()) if (i < 8) await shopper.ask();
    await inParallel(shoppers, 4, (shopper) => shopper.ask());
    const lives = Promise.all(
      shoppers.map(async (shopper) => {
        while (running) {
          await sleep(stage.options.think * Math.random());
          await shopper.ask();
        }
      }),
    );
    // It is waited for at the end; until then it must not count as unhandled.
    lives.catch(() => undefined);
    stage.say("begin");
    for (const name of quick ? QUICK : script(stage)) {
      await STEPS[name](stage);
      await stage.hold(0.5);
    }
    await stage.ready();
    await stage.hold();
    running = false;
    await lives;
    // Whoever has missed something sees it now, at each edge.
    for (const edge of stage.door.open) await inParallel(shoppers, 6, (shopper) => shopper.ask(edge));

    const changes = shoppers.flatMap((shopper) => shopper.changes);
    const asked = new Map(shoppers.flatMap((shopper) => [...shopper.asked]));
    // Without the store an edge finds a session by its key where it remembers it, and cannot know what another edge did.
    const visits = new Map(shoppers.map((shopper) => [shopper.name, shopper.visits]));
    const isParted = ({ change }: Unexplained, slow = true) =>
      change.epochs === undefined &&
      journal.partedFor(change, visits.get(change.client)!, fleet.edges.length, { slow });
    const judge = async () => {
      const ledger = await wholeLedger(fleet);
      const result = audit(changes, ledger, asked);
      const parted = result.unexplained.filter((one) => isParted(one));
      // Edges that held a session apart moved it apart, and came together, each by its own memory: its client saw half of it.
      const torn = new Set(parted.map(({ change }) => change.sid));
      const phantoms = result.phantoms.filter(({ sid }) => !torn.has(sid));
      return {
        ledger,
        result,
        parted,
        phantoms,
        unexplained: result.unexplained.filter((one) => !isParted(one)),
      };
    };
    const { ledger, result, parted, phantoms, unexplained } = await eventually(
      judge,
      (found) => found.unexplained.length === 0 && found.phantoms.length === 0,
      { every: 500 },
    );
    const wrong = ledger.filter((entry) => !journal.justifies(entry));
    const troubles = groupBy(
      shoppers.flatMap((shopper) => shopper.troubles),
      (trouble) => journal.blame(trouble),
    );
    const bought = fleet.pods.flatMap((pod) => pod.arrivals({ method: "POST" }).map(({ id }) => id));
    const twice = [...countBy(bought)].filter(([, count]) => count > 1);
    const robbed = shoppers.flatMap((shopper) => shopper.robbed);
    const sum = (of: (shopper: (typeof shoppers)[number]) => number) =>
      shoppers.reduce((total, shopper) => total + of(shopper), 0);
    const list = (what: string, lines: readonly string[]) => {
      for (const text of lines.slice(0, 12)) say(`${what}: ${text}`);
      if (lines.length > 12) say(`${what}: and ${lines.length - 12} more`);
    };
    const cut = parted.filter((one) => isParted(one, false));
    list(
      "held apart by a slow store",
      parted.filter((one) => !cut.includes(one)).map(({ text }) => text),
    );
    list(
      "unexplained",
      unexplained.map(({ text }) => text),
    );
    // The whole story of a session is needed to find out what went wrong with it.
    const odd = [...unexplained.map(({ change }) => change.sid), ...phantoms.map(({ sid }) => sid)];
    for (const sid of new Set(odd.slice(0, 4))) {
      for (const one of changes)
        if (one.sid === sid) say(`  ${one.client} ${one.from}→${one.to} ${one.said}`);
      for (const one of ledger) if (one.sid === sid) say(`  ledger ${line(one)} +${stage.since(one.at)}`);
    }
    list(
      "phantom",
      phantoms.map(
        (entry) => `${entry.sid.slice(0, 8)} ${entry.pool} ${line(entry)} +${stage.since(entry.at)}`,
      ),
    );
    list(
      "unjustified",
      wrong.map((entry) => `${entry.sid.slice(0, 8)} ${entry.pool} ${line(entry)} +${stage.since(entry.at)}`),
    );
    for (const kind of ["store or coordinator", "nothing"] as const) {
      const own = troubles.get(kind) ?? [];
      list(
        kind,
        own.map(({ client, method, status, text }) => `${client} ${method} ${status} ${text.slice(0, 120)}`),
      );
    }
    list("robbed", robbed);
    const causes = countBy(ledger.map(({ cause }) => cause));
    return [
      told(
        "answers",
        sum(({ answers }) => answers),
        "answers",
      ),
      atLeast("breaks that clients noticed and one entry explains", result.explained, 20, "breaks"),
      told("of them moved on before their client asked again", result.chains, "breaks"),
      none("unexplained breaks", unexplained.length, "breaks"),
      told("keyed sessions that two edges held apart without their store", cut.length, "changes"),
      told("or while it was slower than they wait", parted.length - cut.length, "changes"),
      told("entries of theirs that no client noticed", result.phantoms.length - phantoms.length, "entries"),
      none("entries of the ledger that no client noticed", phantoms.length, "entries"),
      none("breaks of sessions whose pod was there and that nobody touched", wrong.length, "breaks"),
      ...[...causes].map(([cause, count]) => told(`breaks by ${cause}`, count, "breaks")),
      told(
        "carts lost with their pod's process, the session at its pod",
        sum(({ restarted }) => restarted),
        "carts",
      ),
      none("carts robbed though their process lived", robbed.length, "items"),
      none(
        "answers whose decision names another pod",
        sum(({ misnamed }) => misnamed),
        "answers",
      ),
      told("purchases that arrived", new Set(bought).size, "requests"),
      none("purchases that arrived twice", twice.length, "requests"),
      told("errors while this machine stood still", troubles.get("machine")?.length ?? 0, "requests"),
      told(
        "errors while a pod was away that could not be sent again",
        troubles.get("excused")?.length ?? 0,
        "requests",
      ),
      none(
        "errors while store or coordinator alone were away",
        troubles.get("store or coordinator")?.length ?? 0,
        "requests",
      ),
      none("errors while nothing was away", troubles.get("nothing")?.length ?? 0, "requests"),
    ];
  } finally {
    running = false;
    unwatch();
    await fleet.stop();
  }
}

/** Every step once, in an order by the seed; a key is retired after it was rotated. */
function script(stage: Stage): StepName[] {
  const all = (Object.keys(STEPS) as StepName[]).filter((name) => name !== "retire-key");
  return [...stage.some(all, all.length), "retire-key"];
}
