import { describe, expect, it } from "vitest";
import { type PodState, STATES } from "../../src/health/state.ts";
import { type Move, plan } from "../../src/plan/plan.ts";
import { route } from "../../src/route/route.ts";
import type { View } from "../../src/route/view.ts";
import { Changes, HOSTS } from "../../tools/fleet/plan/changes.ts";
import { testCore } from "../support/core.ts";
import { cookiesOf, TestEdge } from "../support/edge.ts";
import { departing, ListedStore, SALT, snapshotOf, tagsOf, viewOf } from "../support/plan-fleet.ts";
import { type Seeded, seeded } from "../support/seeded.ts";

const MINUTE = 60_000;

/** A client that keeps its cookies, and names its user where it has one. */
interface Client {
  readonly host: string;
  user: string | undefined;
  readonly cookies: Map<string, string>;
  sid: string | undefined;
  /** The idle timeout by which its cookie was made. */
  idle: number | undefined;
}

/** What became of a session, in the words of a plan's move; undefined when it stayed or was refused. */
type Seen = Pick<Move, "to" | "cause"> | undefined;

/** Clients and one edge, whose config changes under them. */
class Story {
  readonly chance: Seeded;
  readonly changes: Changes;
  readonly store = new ListedStore();
  readonly core = testCore();
  readonly clients: Client[];
  view!: View;
  now = 1_800_000_000_000;
  #edge!: TestEdge;
  #users = 0;

  constructor(seed: number, clients: number) {
    this.chance = seeded(seed);
    this.changes = new Changes(
      () => this.chance.fraction(),
      (id, address) => `http://pod.test/${address}/${id}`,
      true,
    );
    this.clients = Array.from({ length: clients }, (_, i) => ({
      host: HOSTS[i % HOSTS.length]!,
      user: this.#user(i),
      cookies: new Map(),
      sid: undefined,
      idle: undefined,
    }));
  }

  #user(i: number): string | undefined {
    return i % 4 < 2 ? `user-${this.#users++}` : undefined;
  }

  async begin(): Promise<void> {
    const config = this.changes.document();
    this.#edge = await TestEdge.start({ config, now: () => this.now });
    this.view = viewOf((await snapshotOf(config, 1))!, [], {}, this.core);
    for (const client of this.clients) await this.#visit(client);
  }

  async #ask(client: Client): Promise<Response> {
    const { host, user, cookies } = client;
    // Who begins anew has no cookie of a session that it had before another.
    if (client.sid === undefined) cookies.clear();
    const headers: Record<string, string> = user === undefined ? {} : { "x-user": user };
    if (cookies.size > 0) headers.cookie = [...cookies].map((pair) => pair.join("=")).join("; ");
    const work: Promise<unknown>[] = [];
    const edge = { ...this.#edge.edge, store: this.store.store, view: () => this.view };
    const request = { url: `http://${host}/`, method: "GET", headers: new Headers(headers), body: null };
    const response = await route(edge, request as unknown as Request, {
      waitUntil: (one) => void work.push(one),
    });
    while (work.length > 0) await Promise.all(work.splice(0));
    const set = cookiesOf(response);
    for (const [name, value] of set) cookies.set(name, value);
    if (set.length > 0) client.idle = this.view.match(host, "/")?.scope.cookie?.idle;
    return response;
  }

  /** Asks, and begins anew when the session has ended. */
  async #visit(client: Client): Promise<Seen> {
    const before = client.sid;
    const epoch = this.#epoch(before);
    const response = await this.#ask(client);
    const [outcome = "", ...pairs] = (response.headers.get("mooring-decision") ?? "").split("; ");
    const said = Object.fromEntries(pairs.map((pair) => pair.split("=") as [string, string]));
    if (outcome === "kept" || outcome === "moved") {
      // An edge that remembered a key from long ago is told where it went since: that was then.
      const now = outcome === "moved" && this.#epoch(before) !== epoch;
      return now ? { to: said.pod!, cause: said.cause as Move["cause"] } : undefined;
    }
    // Refused for want of a pod, it may be served again, if what it brings is still read. For want of a route it has ended.
    if (response.status === 503 && (await this.#sidOf(client)) === before) return undefined;
    if (before !== undefined) {
      client.cookies.clear();
      if (client.user !== undefined) client.user = `user-${this.#users++}`;
      client.sid = undefined;
      await this.#visit(client);
    } else client.sid = await this.#sidOf(client);
    return { to: "", cause: "config-change" };
  }

  #epoch(sid: string | undefined): number | undefined {
    return this.store.memory.bindings.get(sid ?? "")?.epoch;
  }

  async #sidOf({ host, user, cookies }: Client): Promise<string | undefined> {
    const scope = this.view.match(host, "/")?.scope;
    if (scope === undefined) return undefined;
    const { keyer, sealer } = this.#edge.edge;
    const [ahead] = scope.ahead;
    if (user !== undefined && ahead !== undefined) return keyer.sid(SALT, ahead.label, user);
    const text = cookies.get(scope.cookie?.plainName ?? "");
    return text === undefined ? undefined : (await sealer.open(scope.scope.id, text))?.token.sid;
  }

  /** Plans a change, makes it, drives every client, and tells how the two sets of moves differ. */
  async step(
    states: boolean,
  ): Promise<{ words: string; differing: string[]; exact: boolean; error: number; moved: number }> {
    let [words, snapshot] = ["", undefined as Awaited<ReturnType<typeof snapshotOf>>];
    while (snapshot === undefined) {
      words = this.changes.step();
      snapshot = await snapshotOf(this.changes.document(), this.view.stamp.revision + 1);
    }
    this.now += this.chance.below(4) === 0 ? this.chance.below(90) * MINUTE : 1000;
    const health: Record<string, PodState> = {};
    const names = Object.keys(STATES) as PodState[];
    if (states) {
      for (const tag of tagsOf(snapshot)) {
        if (this.chance.below(5) === 0) health[tag] = names[this.chance.below(names.length)]!;
      }
    }
    const apart = viewOf(snapshot, departing(this.view, snapshot), health, this.core);
    // Refused ever since their pool went: a binding does not say of which scope they are.
    const known = new Set(this.view.pools.map(({ pool }) => pool.name));
    for (const { tag, pool } of this.view.departed.values()) if (known.has(pool)) known.add(String(tag));
    const place = (tag: number) =>
      known.has(String(tag)) || this.view.pools.some(({ pods }) => pods.some(({ pod }) => pod.tag === tag));
    const live = new Set(
      this.store
        .live(this.now)
        .filter(({ pod }) => place(pod))
        .map(({ sid }) => sid),
    );
    const page = { limit: 100_000, after: "" };
    const made = await plan(this.view, apart, this.store.listing(this.now), this.now, page);
    apart.free();

    const before = this.view;
    const planned = new Map(made.moves.map((move) => [move.sid, move]));
    this.view = viewOf(snapshot, departing(this.view, snapshot), health, this.core, this.view);
    const differing: string[] = [];
    let moved = 0;
    for (const client of this.clients) {
      const { sid, host } = client;
      // The index goes by the timeout that was in force when the session was seen last: another since then misleads it.
      const idle = before.match(host, "/")?.scope.cookie?.idle;
      const misled = idle !== undefined && client.idle !== undefined && idle !== client.idle;
      const seen = await this.#visit(client);
      if (sid === undefined || !live.has(sid) || misled) continue;
      if (seen !== undefined) moved++;
      const told = planned.get(sid);
      const ends = seen?.to === "" && told?.to === "";
      const same = ends || (seen?.to === told?.to && seen?.cause === told?.cause);
      if (!same) differing.push(`${sid} of ${client.host}: planned ${said(told)}, seen ${said(seen)}`);
    }
    const { exact, error } = made.summary;
    return { words, differing, exact, error, moved };
  }
}

function said(move: Seen): string {
  return move === undefined ? "nothing" : `${move.to || "an end"} by ${move.cause}`;
}

describe("the sessions that a plan says would move", () => {
  it.each([
    ["all pods ready", false, 1],
    ["pods in any state", true, 2],
  ])("are those that move: %s", async (_name, states, seed) => {
    let [exact, moved] = [0, 0];
    const steps = 120;
    const story = new Story(seed, 36);
    await story.begin();
    for (let i = 0; i < steps; i++) {
      const step = await story.step(states);
      if (step.exact) exact++;
      moved += step.moved;
      const allowed = step.exact ? 0 : step.error;
      expect(step.differing.length, `${i}: ${step.words}\n${step.differing.join("\n")}`).toBeLessThanOrEqual(
        allowed,
      );
    }
    // Enough of them must be told for certain, and enough must have moved, for this to say anything.
    expect(exact).toBeGreaterThan(steps * 0.7);
    expect(moved).toBeGreaterThan(steps);
  });
});
