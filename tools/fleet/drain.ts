import { type Answer, decision, Jar } from "./client.ts";
import type { Fleet } from "./fleet.ts";
import type { Member } from "./herd.ts";
import { eventually, inParallel } from "./wait.ts";

const POOL = "web";

interface Progress {
  readonly state: string;
  readonly sessions: number;
  readonly deadline: number | null;
}

/** Sessions of one pod, as many as asked for: what more are made on the way stay with the other pods. */
export async function crowdOn(fleet: Fleet, pod: string, count: number): Promise<Member[]> {
  const members: Member[] = [];
  for (const { url } of fleet.edges) await new Jar().get(url);
  while (members.length < count) {
    await inParallel(Array(count).keys(), 8, async (i) => {
      if (members.length >= count) return;
      const jar = new Jar();
      const answer = await jar.get(fleet.edges[i % fleet.edges.length]!.url);
      if (decision(answer).pod !== pod) return;
      const { sid } = (await fleet.tokens.find(jar, POOL)).token;
      if (members.length < count) members.push({ jar, pod, sid });
    });
  }
  await eventually(
    async () => (await fleet.admin.get<Progress>(`${path(pod)}/drained`)).json.sessions,
    (sessions) => sessions >= count,
    // What a busy store was not told of it is told with the next renewal.
    { within: 3000 },
  );
  return members;
}

/** What draining a pod came to whose sessions leave. Times in milliseconds. */
export interface Left {
  /** New sessions at all edges, once each had heard of the order, and those of them that the pod got. */
  readonly fresh: number;
  readonly taken: number;
  /** Answers to its sessions that were not its own. */
  readonly strayed: number;
  /** Whether the call waited for as long as a session was left. */
  readonly waited: boolean;
  /** From the end of the last session to the answer of the call. */
  readonly lag: number;
  readonly answer: Progress;
}

/** Drains a pod, waits for it at another edge, and ends its sessions one after another. */
export async function drainAndLeave(fleet: Fleet, pod: string, members: readonly Member[]): Promise<Left> {
  const { admin, edges } = fleet;
  await admin.send("PATCH", path(pod), { body: { state: "draining", deadline: "10m" } });
  let answered = 0;
  const waiting = admin.get<Progress>(`${path(pod)}/drained?wait=60s`, edges.length - 1).then((found) => {
    answered = performance.now();
    return found.json;
  });
  await heard(fleet);
  const [taken, fresh] = await newcomers(fleet, pod, 100);
  let strayed = 0;
  await inParallel(members.entries(), 8, async ([i, { jar }]) => {
    const said = decision(await jar.get(edges[i % edges.length]!.url));
    if (said.outcome !== "kept" || said.pod !== pod) strayed++;
  });
  // Those of the newcomers that came before an edge had heard of it leave as well.
  const { json } = await admin.get<{ sessions: { sid: string }[] }>(`/v1/sessions?pod=${pod}&limit=1000`);
  const waited = answered === 0;
  await inParallel(
    json.sessions,
    8,
    async ({ sid }) => void (await admin.send("DELETE", `/v1/sessions/${sid}`)),
  );
  const last = performance.now();
  const answer = await waiting;
  return { fresh, taken, strayed, waited, lag: answered - last, answer };
}

/** What a drain to its deadline came to. Times in milliseconds, by this process' clock. */
export interface Ended {
  /** From the deadline to the first answer by another pod, below 0: too early; and to the last by the pod itself. */
  readonly first: number;
  readonly last: number;
  /** Sessions that moved with this cause alone, each once. */
  readonly moved: number;
  readonly answer: Progress;
}

/** Drains a pod with a deadline that its sessions outlive: they are asked for at all edges until each has moved. */
export async function drainToDeadline(
  fleet: Fleet,
  pod: string,
  members: readonly Member[],
  seconds: number,
): Promise<Ended> {
  const { admin, edges } = fleet;
  const order = await admin.send<Progress>("PATCH", path(pod), {
    body: { state: "draining", deadline: `${seconds}s` },
  });
  const { deadline } = order.json;
  if (deadline === null) throw new Error(`no deadline: ${order.body}`);
  let [first, last, moved] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  const note = (answer: Answer) => {
    const { outcome, cause, pod: at } = decision(answer);
    const now = Date.now() - deadline;
    if (at === pod) last = Math.max(last, now);
    else first = Math.min(first, now);
    if (outcome === "moved" && cause === "drain-deadline") moved++;
    return at !== pod;
  };
  const until = deadline + 30_000;
  await inParallel(members.entries(), members.length, async ([i, { jar }]) => {
    for (let turn = i; Date.now() < until; turn++) {
      if (note(await jar.get(edges[turn % edges.length]!.url))) return;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  });
  const answer = (await admin.get<Progress>(`${path(pod)}/drained`)).json;
  return { first, last, moved, answer };
}

const path = (pod: string) => `/v1/pools/${POOL}/pods/${pod}`;

/** How many of so many new sessions at all edges a pod gets. */
async function newcomers({ edges }: Fleet, pod: string, count: number): Promise<[taken: number, of: number]> {
  let taken = 0;
  await inParallel(Array(count).keys(), 8, async (i) => {
    const said = decision(await new Jar().get(edges[i % edges.length]!.url));
    if (said.pod === pod) taken++;
  });
  return [taken, count];
}

/** Until every edge has heard that a pod drains, at most 10 s: each says what its own view shows. */
async function heard({ admin, edges }: Fleet): Promise<void> {
  for (const edge of edges.keys()) {
    await eventually(
      async () => (await admin.get<{ pools: { states: Record<string, number> }[] }>("/v1/pools", edge)).json,
      ({ pools }) => pools.some(({ states }) => (states.draining ?? 0) > 0),
    );
  }
}
