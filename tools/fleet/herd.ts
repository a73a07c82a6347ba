import { webcrypto } from "node:crypto";
import { podTag } from "../../src/config/tag.ts";
import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import type { Token } from "../../src/sessions/token.ts";
import { type Answer, decision, Jar } from "./client.ts";
import type { Fleet, ListedPod } from "./fleet.ts";
import { eventually, inParallel } from "./wait.ts";

const POOL = "web";

/** A pool whose dead pods the coordinator finds within a second or two, with decisions told. */
export const herdConfig = (pods: readonly ListedPod[]) => ({
  version: 1,
  explain: true,
  pools: {
    [POOL]: { pods, health: { readiness: { path: "/ready", period: "1s", failure: 2, initialDelay: "0s" } } },
  },
  routes: [{ pool: POOL }],
});

/** A session as its client holds it. */
export interface Member {
  readonly jar: Jar;
  readonly sid: string;
  readonly pod: string;
}

/** What became of the sessions of a pod that died while every client asked for many things at once. */
export interface Stampede {
  readonly answers: number;
  /** Answers that were not 200, and requests that got none. */
  readonly errors: number;
  /** Sessions of the dead pod. */
  readonly herd: readonly Member[];
  /** Those whose answers named more than one pod or epoch, or none. */
  readonly divergent: readonly string[];
  /** Answers that moved a session whose pod lived, or told its client of a new epoch. */
  readonly others: number;
  /** The fullest of the pods that are left, by what it took of the herd, over their mean. */
  readonly spread: number;
  /** A jar of each session after it, with the last cookie that was set, if one was. */
  readonly after: ReadonlyMap<string, Jar>;
}

/** New sessions over all edges in turn, each of which its store knows. */
export async function gather(fleet: Fleet, count: number): Promise<Member[]> {
  const members: Member[] = [];
  await eventually(
    () => fleet.admin.get<{ pods: { state: string }[] }>(`/v1/pools/${POOL}/pods`),
    ({ json }) => json.pods.every(({ state }) => state === "ready"),
  );
  // One after another at first: an edge that starts cold under a crowd may take its store for slow, and do without it.
  for (const { url } of fleet.edges) await new Jar().get(url);
  await inParallel(Array(count).keys(), 12, async (i) => {
    const jar = new Jar();
    const answer = await jar.get(fleet.edges[i % fleet.edges.length]!.url);
    if (answer.status !== 200) throw new Error(`a new session was answered with ${answer.status}`);
    const { sid } = (await fleet.tokens.find(jar, POOL)).token;
    members.push({ jar, sid, pod: answer.body.trim() });
  });
  return members;
}

/** Pods by tag, as a token names them. */
export async function tagsOf(fleet: Fleet, pool = POOL): Promise<Map<PodTag, string>> {
  const tags = new Map<PodTag, string>();
  for (const { id } of fleet.pods) {
    tags.set(await podTag(pool, id, 0, (data) => webcrypto.subtle.digest("SHA-256", data)), id);
  }
  return tags;
}

/** The pod with the most sessions. */
export function fullest(members: readonly Member[]): string {
  const counts = countBy(members.map(({ pod }) => pod));
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]![0];
}

/**
 * Kills a pod; then every session sends as many requests as `parallel` at once, over all edges, with the cookie from
 * before. Sessions come in the order of `members`, a few at a time.
 */
export async function stampede(
  fleet: Fleet,
  members: readonly Member[],
  victim: string,
  parallel: number,
): Promise<Stampede> {
  const tags = await tagsOf(fleet);
  const herd = members.filter(({ pod }) => pod === victim);
  const divergent: string[] = [];
  const finals: string[] = [];
  const after = new Map<string, Jar>();
  let answered = 0;
  let errors = 0;
  let others = 0;
  await fleet.pod(victim).kill();
  await inParallel(members, 4, async ({ jar, sid, pod }) => {
    const jars = Array.from({ length: parallel }, () => jar.copy());
    const answers = await Promise.all(
      jars.map((one, i) => one.get(fleet.edges[i % fleet.edges.length]!.url).catch(() => undefined)),
    );
    const ends = new Set<string>();
    for (const [i, answer] of answers.entries()) {
      if (answer === undefined || answer.status !== 200) {
        errors++;
        continue;
      }
      answered++;
      const end = await endOf(fleet, tags, jars[i]!, jar, answer);
      if (end === undefined) continue;
      if (pod === victim) ends.add(end);
      else others++;
      after.set(sid, jars[i]!);
    }
    if (!after.has(sid)) after.set(sid, jar.copy());
    if (pod !== victim) return;
    if (ends.size !== 1) divergent.push(`${sid}: ${[...ends].join(" or ") || "never moved"}`);
    for (const end of ends) finals.push(end.split(" ")[0]!);
  });
  const left = fleet.pods.length - 1;
  const spread = (Math.max(0, ...countBy(finals).values()) * left) / herd.length;
  return { answers: answered, errors, herd, divergent, others, spread, after };
}

/** `pod epoch` of an answer that said `moved` or set a cookie; undefined for one that did neither. */
async function endOf(
  fleet: Fleet,
  tags: ReadonlyMap<PodTag, string>,
  now: Jar,
  before: Jar,
  answer: Answer,
): Promise<string | undefined> {
  const said = decision(answer);
  if (said.outcome !== "moved" && now.cookie === before.cookie) return undefined;
  const { token } = await fleet.tokens.find(now, POOL);
  // The cookie names the pod that answered, and the decision says the same.
  const pod = answer.body.trim();
  const same = said.pod === pod && tags.get(token.pod) === pod;
  return same ? `${pod} ${token.epoch}` : `${said.pod}/${pod}/${tags.get(token.pod)} ${token.epoch}`;
}

/** How the store stands to what a client's cookie says. */
export async function inStep(fleet: Fleet, jar: Jar): Promise<boolean> {
  const { token } = await fleet.tokens.find(jar, POOL);
  const stored = await eventually(
    async () => fields(await fleet.redis!.call("GET", `mooring:s:${token.sid}`)),
    (found) => found === expected(token),
    { within: 3000, every: 20 },
  );
  return stored === expected(token);
}

const expected = ({ epoch, pod }: Token) => `${epoch}|${tagToHex(pod)}`;
const fields = (value: unknown) => String(value).split("|").slice(0, 2).join("|");

export function countBy(names: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

/**
 * The bar of the spread over `left` pods: 1.3 × the mean where the herd is large enough to tell. The share of a pod of what
 * `n` sessions draw has a standard deviation of √((left − 1)/n) of its mean, of which four are allowed for.
 */
export function spreadBar(herd: number, left: number): number {
  return Math.max(1.3, 1 + 4 * Math.sqrt((left - 1) / herd));
}
