import { createHash, webcrypto } from "node:crypto";
import { readFileSync } from "node:fs";
import { compile } from "../../../src/config/compile.ts";
import { parseConfig } from "../../../src/config/parse.ts";
import { Core } from "../../../src/core/core.ts";
import type { Move, Plan } from "../../../src/plan/plan.ts";
import { View } from "../../../src/route/view.ts";
import { keyer } from "../../../src/sessions/keyer.ts";
import type { Admin } from "../admin.ts";
import { decision, Jar } from "../client.ts";
import type { Tokens } from "../token.ts";
import { eventually, inParallel } from "../wait.ts";
import { Changes, HOSTS } from "./changes.ts";

/** Requests at once. */
const WIDTH = 24;
const CORE = new URL("../../../build/core.wasm", import.meta.url);

/** What a crowd needs of a deployment. */
export interface Ground {
  /** Of the edge that everybody asks. */
  readonly url: string;
  readonly admin: Admin;
  readonly tokens: Tokens;
  /** Under which keyed sids are made; there is one once a config is in force. */
  readonly salt: () => Promise<string>;
  /** Where a pod of this id listens; what it answers is its id. */
  readonly urlOf: (id: string, address: number) => string;
  /** Has the store forget sessions that nobody has any more, as their time-out would. */
  readonly forget?: (sids: readonly string[]) => Promise<void>;
}

/** What one change came to. */
export interface Outcome {
  readonly words: string;
  readonly planned: number;
  readonly moved: number;
  readonly exact: boolean;
  readonly error: number;
  /** Sessions of which plan and change say different things, in words. */
  readonly differing: readonly string[];
}

/** Where a session went and why; undefined: it stayed, or was refused. */
type Seen = Pick<Move, "to" | "cause"> | undefined;

interface Listed {
  readonly sid: string;
  readonly pod: string;
  readonly epoch: number;
}

interface Client {
  readonly host: string;
  user: string;
  jar: Jar;
  sid: string | undefined;
  pod: string | undefined;
  epoch: number;
  /** It moved without a cookie that says its epoch: the store alone knows that. */
  owed: boolean;
}

/** Clients of one edge, whose config changes under them; each change is planned first, and then every client asks. */
export class Crowd {
  readonly changes: Changes;
  readonly #ground: Ground;
  readonly #clients: Client[];
  readonly #core = new Core(new WebAssembly.Module(readFileSync(CORE)));
  readonly #keyer = keyer(webcrypto.subtle as SubtleCrypto);
  #view: View | undefined;
  #salt = "";
  #users = 0;
  #gone: string[] = [];

  /** @param draw fractions in 0..1 */
  constructor(ground: Ground, draw: () => number, size: number) {
    this.#ground = ground;
    this.changes = new Changes(draw, ground.urlOf, false);
    this.#clients = Array.from({ length: size }, (_, i) => ({
      host: HOSTS[i % HOSTS.length]!,
      user: `user-${this.#users++}`,
      jar: new Jar(),
      sid: undefined,
      pod: undefined,
      epoch: 0,
      owed: false,
    }));
  }

  /** Puts a first config, and lets everybody begin. */
  async begin(): Promise<void> {
    const document = this.changes.document();
    await this.#put(document);
    await this.#adopt(document);
    this.#salt = await this.#ground.salt();
    // An edge that starts cold under a crowd may take its store for slow, and do without it.
    for (const client of this.#clients.slice(0, 3)) await this.#visit(client);
    await inParallel(this.#clients.slice(3), WIDTH, async (client) => void (await this.#visit(client)));
    await this.#settled();
  }

  /** Plans a change, makes it, and has everybody ask. */
  async step(): Promise<Outcome> {
    const { admin, forget } = this.#ground;
    let words = "";
    let document: object;
    let plan: Plan | undefined;
    do {
      words = this.changes.step();
      document = this.changes.document();
      const asked = { body: document };
      const answer = await patiently(() => admin.send<Plan>("POST", "/v1/plan", asked));
      // The changes are made blindly: two scopes may come to the same cookie, which no config may have.
      if (answer.status !== 422 && answer.status !== 200) throw new Error(answer.body);
      if (answer.status === 200) plan = answer.json;
    } while (plan === undefined);
    const before = this.#view!;
    await this.#put(document);
    await this.#adopt(document);
    before.free();

    const planned = new Map(plan.moves.map((move) => [move.sid, move]));
    const met: { client: Client; sid: string; epoch: number; seen: Seen }[] = [];
    await inParallel(this.#clients, WIDTH, async (client) => {
      const { sid, epoch } = client;
      const seen = await this.#visit(client);
      if (sid !== undefined) met.push({ client, sid, epoch, seen });
    });
    if (forget !== undefined && this.#gone.length > 0) await forget(this.#gone.splice(0));
    await this.#settled();
    const differing: string[] = [];
    let moved = 0;
    for (const { client, sid, epoch, seen: found } of met) {
      // An edge may tell of a move more than once before the store has answered it: it was one if there is a new epoch.
      const seen = client.sid === sid && client.epoch === epoch ? undefined : found;
      if (seen !== undefined) moved++;
      const told = planned.get(sid);
      const ended = seen?.to === "" && told?.to === "";
      if (ended || (seen?.to === told?.to && seen?.cause === told?.cause)) continue;
      differing.push(`${sid} of ${client.host}: planned ${inWords(told)}, seen ${inWords(seen)}`);
    }
    const { exact, error } = plan.summary;
    return { words, planned: plan.moves.length, moved, exact, error, differing };
  }

  async #put(document: object): Promise<void> {
    const { status, body } = await this.#ground.admin.putConfig(document);
    if (status !== 200) throw new Error(body);
  }

  /** The same view that the edge has, for reading cookies. */
  async #adopt(document: object): Promise<void> {
    const parsed = parseConfig(JSON.stringify(document));
    if (!parsed.ok) throw new Error("the edge took what is not valid");
    const digest = async (data: Uint8Array) =>
      new Uint8Array(createHash("sha256").update(data).digest()).buffer;
    const snapshot = await compile(parsed.config, 1, digest);
    this.#view = new View({ incarnation: 1, revision: 1 }, snapshot, [], this.#core, undefined, 0);
  }

  /** Asks, and begins anew when the session has ended. */
  async #visit(client: Client): Promise<Seen> {
    const before = client.sid;
    if (before === undefined) client.jar = new Jar();
    const headers = { host: client.host, "x-user": client.user };
    const answer = await client.jar.get(`${this.#ground.url}/`, { headers });
    const said = decision(answer);
    const token = await this.#tokenOf(client);
    if (said.outcome === "kept" || said.outcome === "moved") {
      const moved = said.outcome === "moved";
      Object.assign(client, { pod: said.pod, epoch: token?.epoch ?? client.epoch });
      client.owed = moved && token === undefined;
      return moved ? { to: said.pod!, cause: said.cause as Move["cause"] } : undefined;
    }
    if (answer.status === 503 && (await this.#sidOf(client)) === before) return undefined;
    if (before === undefined) {
      const sid = said.outcome === "bound" ? await this.#sidOf(client) : undefined;
      Object.assign(client, { sid, pod: sid === undefined ? undefined : said.pod, epoch: 1 });
      return undefined;
    }
    this.#gone.push(before);
    // What the same key has begun in another scope is no session of this story.
    const begun = await this.#sidOf(client);
    if (begun !== undefined && begun !== before) this.#gone.push(begun);
    Object.assign(client, { user: `user-${this.#users++}`, sid: undefined, pod: undefined });
    await this.#visit(client);
    return { to: "", cause: "config-change" };
  }

  async #tokenOf({ host, jar }: Client) {
    const scope = this.#view?.match(host, "/")?.scope;
    const text = jar.cookies.get(scope?.cookie?.plainName ?? "");
    return text === undefined ? undefined : this.#ground.tokens.open(text, scope!.scope.id);
  }

  async #sidOf(client: Client): Promise<string | undefined> {
    const [ahead] = this.#view?.match(client.host, "/")?.scope.ahead ?? [];
    if (ahead !== undefined) return this.#keyer.sid(this.#salt, ahead.label, client.user);
    return (await this.#tokenOf(client))?.sid;
  }

  /** Until the store lists every session where its client has it. */
  async #settled(): Promise<void> {
    let rounds = 0;
    let listed = new Map<string, Listed>();
    const behind = await eventually(
      async () => {
        listed = await this.#listed();
        rounds++;
        const left = this.#clients.filter(({ sid, pod, epoch, owed }) => {
          if (sid === undefined) return false;
          const found = listed.get(sid);
          // What an edge told twice makes no further epoch, however long one waits.
          const waits = owed && found?.epoch === epoch && rounds < 10;
          return found?.pod !== pod || found!.epoch < epoch || waits;
        });
        // What a busy store was not told it is told with the next request.
        for (const client of left) {
          const { owed } = client;
          await this.#visit(client);
          client.owed ||= owed;
        }
        return left;
      },
      (left) => left.length === 0,
      { within: 30_000, every: 200 },
    );
    for (const client of this.#clients) {
      client.epoch = listed.get(client.sid ?? "")?.epoch ?? client.epoch;
      client.owed = false;
    }
    if (behind.length === 0) return;
    const lines = behind.map(({ sid = "", pod, epoch, host }) => {
      const found = listed.get(sid);
      return `${sid} of ${host}: ${pod} ${epoch}, not ${found?.pod} ${found?.epoch}`;
    });
    throw new Error(
      `the store lists ${lines.length} sessions elsewhere, or not: ${lines.slice(0, 5).join("; ")}`,
    );
  }

  async #listed(): Promise<Map<string, Listed>> {
    const { admin } = this.#ground;
    const found = new Map<string, Listed>();
    let cursor: string | null = "";
    do {
      const path: string = `/v1/sessions?limit=1000&cursor=${cursor}`;
      const answer = await patiently(() => admin.get<{ sessions: Listed[]; cursor: string | null }>(path));
      if (answer.status !== 200) throw new Error(answer.body);
      for (const session of answer.json.sessions) found.set(session.sid, session);
      cursor = answer.json.cursor;
    } while (cursor !== null);
    return found;
  }
}

/** A busy machine may keep the store from its answer for a moment. */
function patiently<T extends { readonly status: number }>(ask: () => Promise<T>): Promise<T> {
  return eventually(ask, ({ status }) => status !== 503, { within: 30_000, every: 500 });
}

function inWords(move: Pick<Move, "to" | "cause"> | undefined): string {
  return move === undefined ? "nothing" : `${move.to || "an end"} by ${move.cause}`;
}
