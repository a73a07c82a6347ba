import type { PodTag } from "../../../src/model/pod.ts";
import { type Answer, type Call, decision, Jar } from "../client.ts";
import type { Door } from "../door.ts";
import type { KeyReader } from "../token.ts";
import type { Change } from "./audit.ts";
import type { Trouble, Visit } from "./journal.ts";

/** How a client's session is found: by a cookie of ours, by a header it sends, by what its pod has minted. */
export type Kind = "cookie" | "keyed" | "learned";

/** The pools, which are scopes as well, by what finds their sessions; their hosts are `web.test` and so on. */
export const POOLS: Readonly<Record<Kind, string>> = { cookie: "web", keyed: "keyed", learned: "app" };

export interface Shop {
  readonly door: Door;
  readonly keys: KeyReader;
  /** Sid of a keyed session, by the value of its key. */
  sidOf(kind: Kind, value: string): Promise<string>;
  /** Fractions in 0..1. */
  draw(): number;
  /** The tag of a pod in a pool, as tokens name it. */
  tagOf(pool: string, pod: string): Promise<PodTag>;
  /** The pod that each session had at each epoch, by `sid epoch`: whoever is answered adds to it. */
  readonly seats: Map<string, string>;
  /** How many edges there are. */
  readonly edges: number;
  /** Seconds since the beginning, as the script tells them. */
  elapsed(): string;
}

interface Cart {
  readonly pod: string;
  readonly boot: string;
  readonly items: readonly string[];
}

/** From when until when edges may have had a key's session apart. Milliseconds since the epoch; infinite while they may. */
export interface Spell {
  readonly sid: string;
  readonly from: number;
  until: number;
}

/** Edges that were asked since an answer had no word of the store, and those that were asked after all of them had been. */
interface Since {
  readonly spell: Spell;
  readonly been: Set<number>;
  readonly settled: Set<number>;
}

/** What a client knows of its session. */
interface Held {
  readonly sid: string;
  readonly pod: string;
  readonly epoch: number | undefined;
  /** What its cookie names. */
  readonly tag?: PodTag;
}

/** A client that fills a cart at its pod, one request after another, and notices by itself when something is amiss. */
export class Shopper {
  readonly kind: Kind;
  readonly name: string;
  readonly changes: Change[] = [];
  /** Sessions of a key of which an answer said that it had no word of the store, and who answered since. */
  readonly torn = new Map<string, Since>();
  readonly spells: Spell[] = [];
  readonly troubles: Trouble[] = [];
  /** Carts that lacked something though the very process that had taken it answered. */
  readonly robbed: string[] = [];
  /** Carts that were gone with the process that held them, though the session stayed at its pod. */
  restarted = 0;
  /** Answers whose decision named another pod than the one that answered. */
  misnamed = 0;
  /** Cookies that named another pod than the one that answered, or came with an answer of no pod. */
  misgiven = 0;
  /** Cookies of a session at an epoch below the one that was shown. */
  lowered = 0;
  /** Sessions that had two pods at one epoch, and when that was seen. */
  readonly divided: { readonly sid: string; readonly at: number }[] = [];
  answers = 0;
  /** The edges that had a good answer for it, in order. */
  readonly visits: Visit[] = [];
  /** When the newest good answer was asked for, by the sid that it was for. */
  readonly asked = new Map<string, number>();
  readonly #shop: Shop;
  readonly #jar = new Jar();
  /** What each process of a pod has said that it took. */
  readonly #taken = new Map<string, Set<string>>();
  #held: Held | undefined;
  /** Whether the store has had no word of its session yet: other edges never heard of what a pod has minted. */
  #untold = false;
  #turn: Promise<void> = Promise.resolve();
  #place = "";
  #bought = 0;

  constructor(kind: Kind, name: string, shop: Shop) {
    this.kind = kind;
    this.name = name;
    this.#shop = shop;
  }

  get held(): Held | undefined {
    return this.#held;
  }

  /** Its cookies, for whoever comes with the same. */
  jar(): Jar {
    return this.#jar.copy();
  }

  /** One request: by chance a look or a purchase at an edge that is in, or a look at this one. One after another. */
  ask(edge?: number): Promise<void> {
    const turn = this.#turn.then(() => this.#ask(edge));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #ask(edge: number | undefined): Promise<void> {
    if (this.kind === "learned" && !this.#jar.cookies.has("SESSIONID")) return this.#login(edge);
    const buys = edge === undefined && this.#shop.draw() < 0.3;
    const item = `${this.name}.${++this.#bought}`;
    const from = Date.now();
    const answer = buys
      ? await this.#send(`/cart?item=${item}`, { method: "POST", headers: { "x-request-id": item } })
      : await this.#send("/cart", {}, edge);
    if (answer === undefined) return;
    const cart = JSON.parse(answer.body) as Cart;
    await this.#notice(answer, cart.pod, from);
    this.#check(cart, buys ? item : undefined);
  }

  async #login(edge: number | undefined): Promise<void> {
    const from = Date.now();
    const answer = await this.#send("/login", {}, edge);
    if (answer !== undefined) await this.#notice(answer, answer.body.trim(), from);
  }

  async #send(path: string, options: Call, edge?: number): Promise<Answer | undefined> {
    const headers = { ...options.headers, host: `${POOLS[this.kind]}.test`, ...this.#own() };
    const from = Date.now();
    // Who is found by a key an edge may hold at another pod; a cookie names its own.
    const pod = this.kind === "cookie" ? this.#held?.pod : undefined;
    let at = edge ?? -1;
    const wrong = (status: number, problem: string) => {
      const method = options.method ?? "GET";
      const text = `${path.split("?")[0]} at edge-${at} +${this.#shop.elapsed()}: ${problem}`;
      this.troubles.push({ client: this.name, method, status, text, from, until: Date.now(), pod });
      return undefined;
    };
    try {
      const call = { ...options, headers, timeout: 15_000 };
      const answer = await this.#shop.door.through((url, i) => {
        at = i;
        return this.#jar.get(url + path, call);
      }, edge);
      if (answer.status !== 200) {
        const said = decision(answer);
        if (said.outcome === "refused" && answer.headers["set-cookie"] !== undefined) this.misgiven++;
        return wrong(answer.status, answer.body.trim().slice(0, 200));
      }
      this.answers++;
      this.visits.push({
        edge: at,
        at: Date.now(),
        asked: from,
        revision: Number(decision(answer).revision),
      });
      return answer;
    } catch (error) {
      return wrong(0, String(error));
    }
  }

  /** For a pod it is who the client is; for the pool of keyed sessions it is the key. */
  #own(): Record<string, string> {
    return this.kind === "learned" ? {} : { "x-client": this.name };
  }

  async #notice(answer: Answer, pod: string, from: number): Promise<void> {
    const said = decision(answer);
    if (said.pod !== pod) this.misnamed++;
    const before = this.#held;
    const given = answer.headers["set-cookie"] !== undefined;
    const now = await this.#holding(pod, said.outcome ?? "");
    if (this.kind === "cookie" && now !== undefined) await this.#compareCookie(before, now, given);
    const unheard = said.provisional !== undefined;
    const lost = this.kind === "learned" && now === undefined && this.#untold;
    const apart =
      before !== undefined && before.epoch === undefined && (this.#isApart(before, unheard) || lost);
    this.#untold = unheard && (this.#untold || now?.sid !== before?.sid);
    if (before !== undefined) this.#compare(before, now, `${answer.headers["mooring-decision"]}`, apart);
    if (unheard && now !== undefined && now.epoch === undefined) {
      const spell = this.#spell(now.sid, from);
      this.torn.set(now.sid, { spell, been: new Set(), settled: new Set() });
    }
    // A session that ended was asked for with this very request.
    for (const held of [before, now]) if (held !== undefined) this.asked.set(held.sid, from);
    this.#held = now;
  }

  /**
   * Whether edges may have the session apart: an edge that moved it without the store tells it when the client comes there
   * again, and the others hear of it when they are asked after that. So they may, from an answer that had no word of the
   * store, until an edge is asked again after the client has been at all of them.
   */
  #isApart({ sid }: Held, unheard: boolean): boolean {
    const since = this.torn.get(sid);
    if (unheard || since === undefined) return unheard;
    const { edge } = this.visits.at(-1)!;
    const settled = since.settled.has(edge);
    if (since.been.size === this.#shop.edges) since.settled.add(edge);
    since.been.add(edge);
    if (since.settled.size === this.#shop.edges) since.spell.until = Math.min(since.spell.until, Date.now());
    return !settled;
  }

  /** The one that goes on, or a new one. */
  #spell(sid: string, from: number): Spell {
    const last = this.torn.get(sid)?.spell;
    if (last?.until === Number.POSITIVE_INFINITY) return last;
    const spell = { sid, from, until: Number.POSITIVE_INFINITY };
    this.spells.push(spell);
    return spell;
  }

  #compare(before: Held, now: Held | undefined, said: string, apart: boolean): void {
    const { sid, pod: from } = before;
    const { at, edge } = this.visits.at(-1)!;
    const what = {
      client: this.name,
      at,
      edge,
      sid,
      from,
      said: `${said} at edge-${edge} +${this.#shop.elapsed()}`,
    };
    const epochs = (after: number | undefined) =>
      before.epoch === undefined ? undefined : ([before.epoch, after ?? before.epoch] as const);
    if (now?.sid !== sid) {
      this.changes.push({ ...what, to: "", epochs: epochs(undefined), apart, torn: this.torn.has(sid) });
      return;
    }
    const anew = said.startsWith("bound");
    if (now.pod === from && now.epoch === before.epoch && !anew) return;
    this.changes.push({
      ...what,
      to: now.pod,
      epochs: epochs(now.epoch),
      anew,
      apart,
      torn: this.torn.has(sid),
    });
  }

  async #compareCookie(before: Held | undefined, now: Held, given: boolean): Promise<void> {
    const { seats, tagOf } = this.#shop;
    if (given && now.tag !== (await tagOf(POOLS.cookie, now.pod))) this.misgiven++;
    if (before?.sid === now.sid && now.epoch! < before.epoch!) this.lowered++;
    const seat = `${now.sid} ${now.epoch}`;
    if ((seats.get(seat) ?? now.pod) !== now.pod) this.divided.push({ sid: now.sid, at: Date.now() });
    seats.set(seat, now.pod);
  }

  async #holding(pod: string, outcome: string): Promise<Held | undefined> {
    const { keys, sidOf } = this.#shop;
    if (this.kind === "cookie") {
      const found = await keys.find(this.#jar, POOLS.cookie);
      if (found === undefined) throw new Error(`${this.name} was given no cookie`);
      const { sid, epoch, pod: tag } = found.token;
      return { sid, pod, epoch, tag };
    }
    if (this.kind === "learned" && outcome === "unkeyed") {
      // Nobody knows the session that it showed: it begins again.
      this.#jar.cookies.delete("SESSIONID");
      this.#taken.clear();
      return undefined;
    }
    const value = this.kind === "keyed" ? this.name : this.#jar.cookies.get("SESSIONID")!;
    return { sid: await sidOf(this.kind, value), pod, epoch: undefined };
  }

  #check({ pod, boot, items }: Cart, bought: string | undefined): void {
    if (this.#held === undefined) return;
    const place = `${pod} ${boot}`;
    const taken = this.#taken.get(place) ?? new Set();
    this.#taken.set(place, taken);
    const has = new Set(items);
    for (const item of taken) if (!has.has(item)) this.robbed.push(`${this.name} misses ${item} at ${place}`);
    if (bought !== undefined) taken.add(bought);
    if (this.#place.split(" ")[0] === pod && this.#place !== place) this.restarted++;
    this.#place = place;
  }
}
