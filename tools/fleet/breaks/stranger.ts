import { setTimeout as sleep } from "node:timers/promises";
import { fractions } from "../../chaos/chance.ts";
import { type Answer, type Call, decision, Jar } from "../client.ts";
import type { Trouble } from "./journal.ts";
import { POOLS } from "./shopper.ts";
import type { Stage } from "./stage.ts";

const SCOPE = POOLS.cookie;
const HOST = `${SCOPE}.test`;
/** Headers that a client may send and no pod may see, but for what the edge says by the same name. */
const SPOOFED = {
  "x-real-ip": "6.6.6.6",
  x_real_ip: "6.6.6.6",
  "x-forwarded-for": "6.6.6.6",
  "x-hop": "6.6.6.6",
};

/** A visit that had nothing to try: it must not count as one that found nothing wrong. */
const NOTHING = Symbol("nothing to try");

/** What one visit tries; resolves with what was wrong, undefined when it was as it should be. */
type Visit = (stranger: Stranger) => Promise<string | typeof NOTHING | undefined>;

/** Each by the invariant that it tries (I1 to I10). */
const VISITS = {
  /** I4: a pod that takes no new session gets none. */
  newcomer: async (stranger) => {
    const from = Date.now();
    const answer = await stranger.ask("/cart", new Jar());
    const { pod = "", outcome } = decision(answer);
    if (outcome !== "bound") return NOTHING;
    if (stranger.stage.journal.anyClosed(from, Date.now())) stranger.stage.journal.newcomers++;
    return stranger.stage.journal.wasClosed(pod, from, Date.now()) ? `a new session on ${pod}` : undefined;
  },

  /** I5: a token of which one character is another opens nothing. */
  forger: async (stranger) => {
    const jar = stranger.someone();
    const found = await stranger.stage.keys.find(jar, SCOPE);
    if (found === undefined) return NOTHING;
    const at = Math.floor(stranger.draw() * found.text.length);
    const other = found.text[at] === "A" ? "B" : "A";
    for (const name of jar.cookies.keys()) {
      jar.cookies.set(name, found.text.slice(0, at) + other + found.text.slice(at + 1));
    }
    const { outcome } = decision(await stranger.ask("/cart", jar));
    return outcome === "bound" ? undefined : `an altered token was ${outcome}`;
  },

  /** I8: nothing of whom a client says it is, of our cookie, or for the next hop alone comes to the pod. */
  spoofer: async (stranger) => {
    const headers = { ...SPOOFED, connection: "x-hop" };
    const { body } = await stranger.ask("/headers", stranger.someone(), { headers });
    const seen = JSON.parse(body) as Record<string, string>;
    const left = Object.entries(seen).filter(([, value]) => value.includes("6.6.6.6"));
    if (seen.cookie !== undefined) left.push(["cookie", seen.cookie]);
    return left.length === 0 ? undefined : `the pod saw ${left.map(([name]) => name).join(", ")}`;
  },

  /** I9: half a body is no whole one. */
  halved: async (stranger) => {
    const whole = await stranger.ask("/cut", new Jar()).then(
      () => true,
      // An answer that does not even begin tells nothing of bodies.
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "ECONNRESET" || error.message !== "aborted") throw error;
        return false;
      },
    );
    return whole ? "half a body came as a whole one" : undefined;
  },

  /** I10: what a cache may keep gives nobody's cookie to everybody. */
  cached: async (stranger) => {
    const answer = await stranger.ask("/cached", new Jar());
    return answer.headers["set-cookie"] === undefined
      ? undefined
      : "a cookie came with what a cache may keep";
  },
} satisfies Record<string, Visit>;

export type VisitName = keyof typeof VISITS;

/** Comes again and again as somebody else, and tries what the clients with carts do not. */
export class Stranger {
  readonly stage: Stage;
  /** Visits that came to an end, by what they tried. */
  readonly visits = new Map<VisitName, number>();
  readonly wrongs: { readonly visit: VisitName; readonly text: string }[] = [];
  readonly troubles: Trouble[] = [];
  /** Of its own: what it draws must not depend on when the script draws. */
  readonly draw: () => number;

  constructor(stage: Stage) {
    this.stage = stage;
    this.draw = fractions(stage.options.seed + 2);
  }

  /**
   * Tries one thing after another, each `every` milliseconds, for as long as `running` says. While a pod takes no new session,
   * which is rare and short, every other visit is a new one.
   */
  async live(running: () => boolean, every: number): Promise<void> {
    const names = Object.keys(VISITS) as VisitName[];
    let next = 0;
    for (let turn = 0; running(); turn++) {
      await sleep(every);
      const now = Date.now();
      const comes = turn % 2 === 0 && this.stage.journal.anyClosed(now, now);
      await this.#visit(comes ? "newcomer" : names[next++ % names.length]!);
    }
  }

  /** At an edge that is in. Rejects unless it is a whole 200. */
  async ask(path: string, jar: Jar, options: Call = {}): Promise<Answer> {
    const call = { ...options, headers: { ...options.headers, host: HOST }, timeout: 15_000 };
    const answer = await this.stage.door.through((url) => jar.get(url + path, call));
    if (answer.status !== 200) throw new Error(`${answer.status} ${answer.body.trim().slice(0, 200)}`);
    return answer;
  }

  /** The cookies of a client that has a session by them. */
  someone(): Jar {
    const all = this.stage.shoppers.filter(({ kind }) => kind === "cookie");
    return all[Math.floor(this.draw() * all.length)]!.jar();
  }

  /** The wrongs of these visits. */
  of(...names: VisitName[]): number {
    return this.wrongs.filter(({ visit }) => names.includes(visit)).length;
  }

  /** How often what was tried least was tried. */
  get fewest(): number {
    const names = Object.keys(VISITS) as VisitName[];
    return Math.min(...names.map((name) => this.visits.get(name) ?? 0));
  }

  async #visit(name: VisitName): Promise<void> {
    const from = Date.now();
    try {
      const wrong = await VISITS[name](this);
      if (wrong === NOTHING) return;
      if (wrong !== undefined) this.wrongs.push({ visit: name, text: `+${this.stage.elapsed} ${wrong}` });
      this.visits.set(name, (this.visits.get(name) ?? 0) + 1);
    } catch (error) {
      const text = `${name} +${this.stage.elapsed}: ${String(error)}`;
      this.troubles.push({ client: "stranger", method: "GET", status: 0, text, from, until: Date.now() });
    }
  }
}
