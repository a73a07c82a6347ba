import { CLUES, Clues } from "../../src/metrics/clues.ts";
import { Counters } from "../../src/metrics/counters.ts";
import { StoreMeter } from "../../src/metrics/store-meter.ts";
import type { Tally } from "../../src/metrics/tally.ts";
import type { Break } from "../../src/model/beat.ts";
import { tagToHex } from "../../src/model/pod.ts";
import type { Background, Swapped } from "../../src/model/ports.ts";
import type { Edge } from "../../src/route/edge.ts";
import { loopMark } from "../../src/route/loop.ts";
import { Feed } from "../../src/sessions/feed.ts";
import { Generations } from "../../src/sessions/generations.ts";
import { Guard } from "../../src/sessions/guard.ts";
import { keyer } from "../../src/sessions/keyer.ts";
import { badSecret, isLongEnough, keyRing } from "../../src/sessions/keyring.ts";
import { sealer, toHex } from "../../src/sessions/token.ts";
import { core } from "../core.ts";
import type { Env } from "../env.ts";
import { log } from "../log.ts";
import { openStore } from "../sessions/open.ts";
import { Batches } from "./batch.ts";
import { chance } from "./chance.ts";
import { Deadlines } from "./deadlines.ts";
import { directForwarder } from "./forward.ts";
import { Freshness } from "./freshness.ts";
import { Heartbeat } from "./heartbeat.ts";
import { coordinatorLink, type Link } from "./link.ts";
import { peerOf } from "./peer.ts";
import { Sockets } from "./sockets.ts";
import { type Traces, tracesOf } from "./traces.ts";
import { Views } from "./views.ts";

/** Settlements that are remembered, in each of two generations. */
const SETTLEMENTS = 4096;
/** Keyed sessions likewise: 10,000 in all. */
const KEYED = 5000;
/** Heartbeat period until the coordinator says another. Milliseconds. */
const PERIOD = { cloudflare: 2000, selfHosted: 1000 };

/** Everything one isolate holds: the edge that routes, and the parts that the admin API talks to. */
export interface Isolate {
  readonly edge: Edge;
  readonly views: Views;
  readonly freshness: Freshness;
  readonly link: Link | undefined;
  /** Undefined without a coordinator. */
  readonly heartbeat: Heartbeat | undefined;
  /** Undefined unless they are asked for. */
  readonly traces: Traces | undefined;
  /** The variable that must be set before traffic is served; undefined when all is well. */
  readonly badSecret: string | undefined;
  /** Why there is no store though one was configured; sessions live by their cookies then. */
  readonly badStore: string | undefined;
}

let isolate: Promise<Isolate> | undefined;
let ready: Isolate | undefined;

/** The isolate's parts: at once when they are there, which is always but for the first requests. */
export function theIsolate(env: Env, background: Background): Isolate | Promise<Isolate> {
  if (ready !== undefined) return ready;
  if (isolate === undefined) {
    isolate = build(env).then(
      (built) => {
        ready = built;
        return built;
      },
      (error) => {
        // The next request may fare better; a rejection that is kept would answer for ever.
        isolate = undefined;
        throw error;
      },
    );
    background.waitUntil(isolate);
  }
  return isolate;
}

async function build(env: Env): Promise<Isolate> {
  const cloudflare = env.MOORING_PLATFORM === "cloudflare";
  const secrets = {
    current: env.MOORING_SECRET,
    next: env.MOORING_SECRET_NEXT,
    previous: env.MOORING_SECRET_PREVIOUS,
    retired: env.MOORING_SECRET_RETIRED,
  };
  const bad = badSecret(secrets) ?? badLink(env);
  // Without a good secret no traffic is served, so tokens of this key never leave the isolate.
  const current = bad === undefined ? secrets.current! : crypto.randomUUID();
  const ring = await keyRing(crypto.subtle, { ...secrets, current });
  const link = coordinatorLink(env);
  const views = new Views(core);
  const clues = new Clues(() => chance.word());
  const cargo = { counters: new Counters(), clues, breaks: [] as Break[], feed: new Feed() };
  const period = cloudflare ? PERIOD.cloudflare : PERIOD.selfHosted;
  const deadlines = new Deadlines();
  const sockets = new Sockets((background) => {
    deadlines.leave(background);
    heartbeat?.leave(background);
  });
  const clock = { now: () => Date.now() };
  const guard = new Guard(clock, after);
  const meter = new StoreMeter(clock);
  let traps = 0;
  const keys = ring.map(({ kid }) => kid.toString(16).padStart(2, "0"));
  const drain = (tally: Tally) => {
    meter.drain(tally);
    tally.add("mooring_wasm_traps_total", [], core.traps - traps);
    traps = core.traps;
    tally.add("mooring_tokens_sealed_total", [keys[0]!], clues.takeSealed());
    const { asked, late } = guard.takeWaits();
    tally.add(CLUES.waits, ["asked"], asked);
    tally.add(CLUES.waits, ["late"], late);
  };
  const batches = new Batches(cargo.counters, cargo.breaks, views, drain, clues);
  const heartbeat =
    link === undefined
      ? undefined
      : new Heartbeat(
          link,
          views,
          batches,
          cargo.feed,
          () =>
            deadlines.size > 0 ||
            sockets.open > 0 ||
            edge.store.debts?.some === true ||
            views.current?.pools.some((pool) => pool.load && pool.busy) === true,
          period,
          () => {
            const { debts } = edge.store;
            // Past the guard: that a debt cannot be paid is no reason to ask the store nothing more.
            return debts?.some && !edge.guard.open ? debts.pay().catch(() => undefined) : undefined;
          },
          () => guard.open,
          keys,
        );
  const { store, snapshot, problem } = openStore(env, (commands) => meter.commands(commands));
  if (problem !== undefined) log("setting-refused", { name: "UPSTASH_REDIS_REST_URL", error: problem });
  const freshness = new Freshness(views, {
    heartbeat,
    snapshot: snapshot === undefined ? undefined : () => snapshot.get(),
    bundled: env.MOORING_CONFIG || undefined,
  });
  const edge: Edge = {
    ...cargo,
    clock,
    chance,
    forwarder: directForwarder(cloudflare, deadlines, sockets),
    store: meter.over(store),
    guard,
    sealer: sealer(crypto.subtle, ring, chance),
    keyer: keyer(crypto.subtle),
    peer: peerOf(cloudflare),
    cloudflare,
    loopMark: loopMark(await loopId(current)),
    origin: (request) => request.cf as Readonly<Record<string, unknown>> | undefined,
    zone: env.MOORING_ZONE || undefined,
    settlements: new Generations(SETTLEMENTS),
    expired: new Generations(SETTLEMENTS),
    told: new Generations(SETTLEMENTS),
    keyed: new Generations(KEYED),
    flights: new Map<string, Promise<Swapped | undefined>>(),
    untold: new Map(),
    inVain: new Generations<number>(SETTLEMENTS),
    view: (now, background) => freshness.view(now, background),
    period: () => heartbeat?.period ?? period,
    refresh: (background) => freshness.refresh(background),
    stale: (view, now) => freshness.isStale(view, now),
    recorded: (background) => heartbeat?.touch(Date.now(), background),
    after,
    failed: (pod, unreachable) =>
      heartbeat?.failed(unreachable ? tagToHex(pod.pod.tag) : undefined, Date.now()),
  };
  const traces = tracesOf(env.MOORING_TRACES);
  return { edge, views, freshness, link, heartbeat, traces, badSecret: bad, badStore: problem };
}

/** The edges of one deployment have one id, as they share its secret; 32 bits of a digest of its own tell nothing of it. */
async function loopId(secret: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(`mooring/loop${secret}`));
  return toHex(new Uint8Array(digest, 0, 4));
}

/** An edge that would show the coordinator no secret, or one that can be guessed, serves nothing. */
function badLink(env: Env): string | undefined {
  if (!env.MOORING_COORDINATOR_URL) return undefined;
  return isLongEnough(env.MOORING_SHARED_SECRET) ? undefined : "MOORING_SHARED_SECRET";
}

function after(ms: number, callback: () => void): () => void {
  const timer = setTimeout(callback, ms);
  return () => clearTimeout(timer);
}
