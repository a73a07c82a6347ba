import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, decision, Jar } from "../../tools/fleet/client.ts";
import { SECRET as FIRST, type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import type { EnvChange, Member } from "../../tools/fleet/member.ts";
import { Tokens } from "../../tools/fleet/token.ts";

const SECOND = "the-second-secret-of-more-than-32-bytes!";
const THIRD = "the-third-secret-of-more-than-32-bytes!!";
const FOURTH = "the-fourth-secret-of-more-than-32-bytes!";
const CLIENTS = 60;
/** Pause of a client between two requests. Milliseconds. */
const PAUSE = 25;

const keys = (current: string, next?: string, previous?: string, retired?: string): EnvChange => ({
  MOORING_SECRET: current,
  MOORING_SECRET_NEXT: next,
  MOORING_SECRET_PREVIOUS: previous,
  MOORING_SECRET_RETIRED: retired,
});

/** What a balancer in front of the edges asks before it sends clients: whether it has a config and its keys. */
async function ready(member: Member): Promise<void> {
  while ((await call(`${member.url}/_mooring/readyz`)).status !== 200) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/**
 * The edges that take requests, and how many each has open: an edge leaves, its requests end, it comes back. That is what
 * whatever stands in front of them does when a deployment is rolled out.
 */
class Front {
  readonly #open = new Map<Member, number>();
  readonly #members: readonly Member[];
  #out: Member | undefined;
  #turn = 0;

  constructor(members: readonly Member[]) {
    this.#members = members;
  }

  async through<T>(work: (url: string) => Promise<T>): Promise<T> {
    const open = this.#members.filter((member) => member !== this.#out);
    const member = open[this.#turn++ % open.length]!;
    this.#count(member, 1);
    try {
      return await work(member.url);
    } finally {
      this.#count(member, -1);
    }
  }

  /** Restarts each edge with other variables, one after another. */
  async roll(env: EnvChange): Promise<void> {
    for (const member of this.#members) {
      this.#out = member;
      while ((this.#open.get(member) ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await member.restart({ env });
      await ready(member);
      this.#out = undefined;
    }
  }

  #count(member: Member, by: number): void {
    this.#open.set(member, (this.#open.get(member) ?? 0) + by);
  }
}

describe("three rotations of the secret under load", () => {
  let fleet: Fleet;

  beforeAll(async () => {
    const edgeEnv = () => ({ MOORING_SECRET: FIRST, MOORING_SECRET_NEXT: SECOND });
    fleet = await startFleet({ edges: 2, pods: 3, edgeEnv });
    for (const edge of fleet.edges) await ready(edge);
  });
  afterAll(async () => fleet?.stop());

  it("lose no session of a client that comes, and refuse the tokens of a key that is out", async () => {
    const front = new Front(fleet.edges);
    const jars = Array.from({ length: CLIENTS }, () => new Jar());
    /** Two who get a token of the first key and do not come again until it is out. */
    const [absent, late] = [new Jar(), new Jar()];
    for (const jar of [absent, late]) await jar.get(fleet.url);

    const sidOf = async (jar: Jar, secret: string) =>
      (await new Tokens({ current: secret }).find(jar, "web")).token.sid;
    const wrong: string[] = [];
    const rounds = jars.map(() => 0);
    let over = false;
    const homes = await Promise.all(jars.map((jar) => front.through((url) => jar.get(url))));
    const sids = await Promise.all(jars.map((jar) => sidOf(jar, FIRST)));
    const load = jars.map(async (jar, i) => {
      while (!over) {
        const answer = await front.through((url) => jar.get(url));
        const said = decision(answer);
        const well = answer.status === 200 && said.outcome === "kept" && answer.body === homes[i]!.body;
        if (!well) wrong.push(`client ${i}, round ${rounds[i]}: ${answer.status} ${JSON.stringify(said)}`);
        rounds[i] = rounds[i]! + 1;
        await new Promise((resolve) => setTimeout(resolve, PAUSE));
      }
    });
    /** Until every client has come twice since. */
    const allCame = async () => {
      const before = [...rounds];
      while (rounds.some((round, i) => round < before[i]! + 2))
        await new Promise((resolve) => setTimeout(resolve, 20));
    };

    try {
      await front.roll(keys(SECOND, THIRD, FIRST));
      await allCame();
      await front.roll(keys(THIRD, FOURTH, SECOND));
      await allCame();
      // The first key is out, and nobody was told its secret: a stranger's token.
      const refused = await front.through((url) => absent.get(url));
      expect([refused.status, decision(refused).outcome]).toEqual([200, "bound"]);
      await front.roll(keys(FOURTH, undefined, THIRD, FIRST));
      await allCame();
    } finally {
      over = true;
      await Promise.all(load);
    }
    expect(wrong.slice(0, 5)).toEqual([]);
    expect(Math.min(...rounds)).toBeGreaterThan(6);
    // Every client holds a token of the last key, of the session that it began with.
    expect(await Promise.all(jars.map((jar) => sidOf(jar, FOURTH)))).toEqual(sids);

    const before = await sidOf(late, FIRST);
    const [name] = [...late.cookies.keys()];
    const old = late.copy();
    const ended = await front.through((url) => late.get(url));
    expect([ended.status, decision(ended).outcome]).toEqual([200, "bound"]);
    expect(await sidOf(late, FOURTH)).not.toBe(before);
    // Whoever sends it once more gets another session, and the ledger tells of one end.
    await front.through((url) => old.copy().get(url));
    expect(old.cookies.has(name!)).toBe(true);
    const ledger = async () => (await fleet.breaks()).breaks;
    await expect.poll(ledger, { timeout: 10_000 }).toHaveLength(1);
    expect(await ledger()).toMatchObject([{ sid: before, epoch: 1, cause: "key-retired", to: "" }]);
  }, 60_000);
});
