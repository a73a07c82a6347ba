import { beforeAll, describe, expect, it } from "vitest";
import type { Binding, Sid } from "../../src/model/binding.ts";
import type { PodTag } from "../../src/model/pod.ts";
import type { BindingStore, Swap, Swapped } from "../../src/model/ports.ts";
import { reindex } from "../../src/sessions/reindex.ts";
import { freshPod, freshSid, NOW } from "./bindings.ts";
import { type Seeded, seeded } from "./seeded.ts";

/** Milliseconds. Keyed sessions end when nothing was heard of them for so long; cookies live on well past the game. */
const IDLE = 600_000;
const COOKIE = NOW + 1e10;

/** What a client says it knows. */
type Token = Pick<Binding, "epoch" | "pod" | "home">;

/** Where a session is, and until when it counts: all that a plain model of the index has to know. */
interface Held {
  readonly pod: PodTag;
  readonly until: number;
}

/** A game of a few sessions on a few pods: random calls, and beside the store a Map that follows what it answers. */
class Game {
  readonly pods = Array.from({ length: 4 }, freshPod);
  /** Keyed sessions, and sessions of cookies, which differ in how they begin and end. */
  readonly keyed = Array.from({ length: 3 }, freshSid);
  readonly cookies = Array.from({ length: 2 }, freshSid);
  readonly model = new Map<Sid, Held>();
  readonly done: string[] = [];
  now = NOW;
  readonly #store: BindingStore;
  readonly #random: Seeded;
  /** Every token that was ever answered, old ones too. */
  readonly #tokens = new Map<Sid, Token[]>();

  constructor(store: BindingStore, random: Seeded) {
    this.#store = store;
    this.#random = random;
  }

  async step(): Promise<void> {
    // Now and then long enough for a keyed session to end by silence.
    this.now += this.#random.below(15) === 0 ? IDLE + 1 : this.#random.below(IDLE / 20);
    const keyed = this.#random.below(5) < 3;
    const sid = this.#one(keyed ? this.keyed : this.cookies);
    const token = this.#token(sid);
    if (keyed) await this.#keyedStep(sid, token);
    else await this.#cookieStep(sid, token);
  }

  async #keyedStep(sid: Sid, token: Token | undefined): Promise<void> {
    const kind = this.#random.below(10);
    const remembers = this.#random.below(2) === 0 ? token : undefined;
    if (token === undefined || kind < 4) await this.#swap("create", sid, remembers);
    else if (kind < 6) await this.#swap("find", sid, remembers);
    else if (kind < 7) await this.#swap("rebind", sid, token);
    else if (kind < 8) await this.#swap("rebind2", sid, token);
    else if (kind < 9) await this.#release(sid, token);
    else await this.#swap("revoke", sid, token);
  }

  async #cookieStep(sid: Sid, token: Token | undefined): Promise<void> {
    const kind = this.#random.below(10);
    if (token === undefined || kind < 2) await this.#create(sid);
    else if (kind < 5) await this.#renew(sid, token);
    else if (kind < 7) await this.#swap("touch", sid, token);
    else if (kind < 9) await this.#swap(kind === 7 ? "rebind" : "rebind2", sid, token);
    else if (this.#random.below(3) === 0) await this.#swap("revoke", sid, token);
  }

  async #swap(op: Swap["op"], sid: Sid, known: Token | undefined): Promise<void> {
    const to = this.#one(this.pods);
    const { epoch, pod, home } = known ?? { epoch: 0, pod: to, home: to };
    const exp = this.keyed.includes(sid) ? this.now + IDLE : COOKIE;
    const cause = op === "revoke" ? "revoked" : "pod-gone";
    const swap: Swap = { op, sid, epoch, pod, to, home, cause, created: this.now, exp, via: "web@*" };
    const answer = await this.#store.swap(swap, this.#keep());
    const step = reindex(swap, answer);
    if (step !== undefined) await this.#store.index(sid, step.from, step.to, this.#keep());
    this.done.push(`${op} ${epoch}@${pod} to ${to}: ${answer.verdict} ${answer.epoch}@${answer.pod}`);
    this.#follow(swap, answer);
  }

  /** Written from the words of the protocol, not from `reindex`. */
  #follow({ op, sid }: Swap, answer: Swapped): void {
    const looks = op === "create" || op === "find";
    const here =
      answer.verdict === "WON" || answer.verdict === "KEPT" || (answer.verdict === "ADOPT" && looks);
    if (here) this.#hold(sid, answer.pod);
    if (op === "revoke") this.model.delete(sid);
    if (answer.verdict !== "REVOKED" && answer.verdict !== "ABSENT") this.#learn(sid, answer);
  }

  async #create(sid: Sid): Promise<void> {
    const pod = this.#one(this.pods);
    const known = await this.#store.read(sid);
    await this.#store.create(this.#binding(sid, { epoch: 1, pod, home: pod }), this.#keep());
    this.done.push(`create 1@${pod}`);
    if (known === undefined || (known.state === "A" && known.pod === pod)) this.#hold(sid, pod);
    this.#learn(sid, { epoch: 1, pod, home: pod });
  }

  async #renew(sid: Sid, token: Token): Promise<void> {
    const found = await this.#store.renew(this.#binding(sid, token), this.#keep());
    this.done.push(`renew ${token.epoch}@${token.pod}: ${found}`);
    const known = await this.#store.read(sid);
    if (known?.state === "A" && known.pod === token.pod) this.#hold(sid, token.pod);
  }

  async #release(sid: Sid, { pod }: Token): Promise<void> {
    await this.#store.release(sid, pod);
    this.done.push(`release at ${pod}`);
    this.model.delete(sid);
  }

  #binding(sid: Sid, token: Token): Binding {
    return { ...token, sid, state: "A", cause: "", created: NOW, exp: COOKIE, via: "web@*" };
  }

  #keep() {
    return { ttl: 3_600_000, expires: this.now + IDLE };
  }

  #hold(sid: Sid, pod: PodTag): void {
    this.model.set(sid, { pod, until: this.now + IDLE });
  }

  #learn(sid: Sid, { epoch, pod, home }: Token): void {
    const tokens = this.#tokens.get(sid) ?? [];
    tokens.push({ epoch, pod, home });
    this.#tokens.set(sid, tokens);
  }

  /** Mostly the latest; at times an old one, or one of a move that no store confirmed, to a pod that it was never told of. */
  #token(sid: Sid): Token | undefined {
    const tokens = this.#tokens.get(sid) ?? [];
    const token = this.#random.below(3) > 0 ? tokens.at(-1) : tokens[this.#random.below(tokens.length || 1)];
    if (token === undefined || this.#random.below(5) > 0) return token;
    return { ...token, epoch: token.epoch + 1, pod: this.#one(this.pods) };
  }

  #one<T>(items: readonly T[]): T {
    return items[this.#random.below(items.length)]!;
  }
}

/** Counts and listings of a pod against a plain Map, after games of random calls with every operation there is. */
export function tallyContract(opened: () => BindingStore): void {
  describe("counts and listings", () => {
    let store: BindingStore;
    beforeAll(() => {
      store = opened();
    });

    it("have each session once, at the pod that holds it, whatever was done to it", async () => {
      // Sixteen shards answer each question of the durable store, so it is asked less often.
      const every = store.kind === "durable" ? 20 : 2;
      const play = async (seed: number) => {
        const game = new Game(store, seeded(seed));
        for (let step = 0; step < 40; step++) {
          await game.step();
          if ((step + 1) % every > 0) continue;
          for (const pod of game.pods) {
            const words = `game ${seed}, ${pod}:\n${game.done.join("\n")}`;
            const live = [...game.model].filter(([, held]) => held.pod === pod && held.until >= game.now);
            const { sessions } = await store.list([pod], game.now, 10, undefined);
            expect(await store.count([pod], game.now), words).toEqual([live.length]);
            const ends = Object.fromEntries(live.map(([sid, { until }]) => [sid, until]));
            expect(Object.fromEntries(sessions.map(({ sid, expires }) => [sid, expires])), words).toEqual(
              ends,
            );
          }
        }
        return game.done;
      };
      const games = await Promise.all(Array.from({ length: 16 }, (_, seed) => play(seed)));
      const answers = new Set(games.flat().map((line) => line.replace(/ [0-9]+@[0-9]+( to [0-9]+)?/g, "")));
      // Enough was played to be answered everything that a game can be.
      for (const one of ["create: KEPT", "create: WON", "create: ADOPT", "find: KEPT", "find: ADOPT"]) {
        expect(answers).toContain(one);
      }
      for (const one of ["find: ABSENT", "find: REVOKED", "rebind: WON", "rebind2: WON", "renew: repaired"]) {
        expect(answers).toContain(one);
      }
    });
  });
}
