import { tagToHex } from "../../src/model/pod.ts";
import { GUARD } from "../../src/sessions/guard.ts";
import type { Token } from "../../src/sessions/token.ts";
import type { Client } from "./client.ts";
import { type Heard, hasWaited, inOneView, lookedUpAgain } from "./late.ts";
import type { RequestEvent } from "./plan.ts";
import { readText } from "./sealer.ts";
import { brief } from "./watch.ts";
import type { World } from "./world.ts";

const CALM: Omit<RequestEvent, "client" | "edge"> = {
  kind: "request",
  around: false,
  count: 1,
  spread: 0,
  method: "GET",
  body: false,
  cookie: "newest",
  shared: false,
};

/** Everything is healed but the pods that are dead, as long as some pod of each pool takes sessions. */
export function heal(world: World): void {
  const { net, store, pods, coordinator } = world;
  net.healAll();
  net.quality = { ...net.quality, loss: 0, twice: 0 };
  store.mode = "up";
  if (!coordinator.up) void coordinator.start(world.bundled);
  for (let edge = 0; edge < world.plan.skews.length; edge++)
    if (world.isolates[edge] === undefined) world.startEdge(edge);
  for (const pod of pods.all()) if (pod.mode !== "up" && pod.mode !== "dead") pod.mode = "up";
  for (const pool of coordinator.pools()) {
    const live = pool.pods.filter((pod) => pods.of(pod).mode === "up" && pod.weight > 0);
    if (live.length === 0) for (const pod of pool.pods) pods.of(pod).mode = "up";
  }
  world.trace.say(world.loop.now, "* all is healed but the dead pods");
}

/** Longer than an edge goes by what the store last said of a key. Milliseconds. */
const HEARTBEAT = 2100;

/** Requests of every client at every edge, one after another: moves are settled, repaired, followed. */
export async function calmRound(world: World): Promise<void> {
  for (const client of world.clients) {
    for (let edge = 0; edge < world.plan.skews.length; edge++) {
      await world.request(client, edge, { ...CALM, client: client.index, edge });
    }
  }
}

/** Whom a pod has named where the store could not be told asks once more there, so that the store is. */
export async function tellRound(world: World): Promise<void> {
  for (const client of world.clients) {
    const edge = client.unheardAt;
    if (edge !== undefined) await world.request(client, edge, { ...CALM, client: client.index, edge });
  }
}

/** I2 and I3 at rest: every edge sends all of a session's requests to one pod, and the store agrees with its token. */
export async function lastRound(world: World): Promise<void> {
  const { watch, plan } = world;
  if (!watch.clocksAgree) return;
  for (const client of world.clients) {
    const token = tokenOf(client.newest);
    // Near its end, whether it is over yet depends on whose clock is asked.
    if (token !== undefined && token.exp * 1000 - world.loop.now < 61_000) continue;
    // Who was refused too long has no session any more, and begins one wherever it asks.
    const issued = world.watch.issued.get(client.newest ?? "")?.at ?? 0;
    // A key that a pod has minted is no secret to that pod alone: another answers it with a name of its own.
    if (plan.affinity === "learn" && client.minted === undefined) continue;
    if (token !== undefined && world.loop.now - issued > plan.idle * 1000) continue;
    // A move whose answer was lost is found, and followed, when an edge next renews the session: which may be just now.
    const stored = token === undefined ? undefined : world.store.get(token.sid);
    const ahead = stored !== undefined && stored.epoch > token!.epoch;
    const everywhere = () =>
      Promise.all(
        plan.skews.map((_, edge) => world.request(client, edge, { ...CALM, client: client.index, edge })),
      );
    const { minted } = client;
    let answers: Heard = await everywhere();
    if (plan.affinity === "learn" && new Set(answers.map(({ pod }) => pod)).size > 1 && hasWaited(world))
      answers = await lookedUpAgain(world, client, minted, everywhere);
    if (new Set(answers.map(({ pod }) => pod)).size > 1)
      answers = await inOneView(world, answers, everywhere);
    // Of what was followed just now all edges know with the next request; so they do of a key whose move without the store its
    // edge could tell the store only now, as its breaker was open.
    const told = ahead || (plan.affinity !== "cookie" && plan.affinity !== "learn");
    if (new Set(answers.map(({ pod }) => pod)).size > 1 && told) {
      // An edge whose breaker was open asks when the pause is over, and the others when they have gone by what they know for a
      // heartbeat.
      if (plan.affinity !== "cookie") {
        await world.loop.sleep(GUARD.pause + 100);
        await everywhere();
        await world.loop.sleep(HEARTBEAT);
      }
      answers = await everywhere();
    }
    const served = answers.filter(({ pod }) => pod !== undefined);
    const pods = new Set(served.map(({ pod }) => pod));
    const failing = plan.pools.some(({ failover, strict }) => failover === "none" || strict);
    if (pods.size > 1 && (token !== undefined || plan.affinity !== "cookie")) {
      const names = [...pods].map((pod) => tagToHex(pod!).slice(0, 6)).join(" and ");
      const session = token === undefined ? `the ${plan.affinity} session` : brief(token.sid);
      watch.fail("I2", `at rest, ${session} of client ${client.index} is served by ${names}`);
    }
    // What begins waits for no place: where few pods are left those of the requests before may be all that there are.
    const crowded =
      plan.pools.some(({ maxInFlight }) => maxInFlight !== undefined) &&
      answers.every(({ pod, begins }) => pod !== undefined || begins || plan.affinity === "learn");
    if (served.length < answers.length && !failing && !crowded && anyAdmits(world)) {
      watch.fail(
        "I3",
        `at rest, client ${client.index} got ${answers.map(({ status }) => status).join(", ")}`,
      );
    }
    const now = await settled(world, client, token);
    // Who was refused has not been settled either. Where nothing may move, a lie may have left it at a dead pod in the store.
    const stuck = world.lied && failing && served.length < answers.length;
    if (now !== undefined && served.length > 0 && !stuck) inStep(world, now);
  }
}

/**
 * The newest token of a client. One that came to be in doubt with these very answers, as the store was not in time, is asked
 * for by the next request and settled by the one after it; as often again if that is not in time either. So is one of which
 * the store was asked for these answers, and told too late.
 */
async function settled(world: World, client: Client, before: Token | undefined): Promise<Token | undefined> {
  const now = tokenOf(client.newest);
  const old = before?.epoch === now?.epoch && before?.pod === now?.pod;
  if (now === undefined || (old && before?.flags !== 0 && !hasWaited(world))) return now;
  for (let asked = 0; asked < 6 && tokenOf(client.newest)?.flags !== 0; asked++)
    await world.request(client, 0, { ...CALM, client: client.index, edge: 0 });
  return tokenOf(client.newest);
}

/**
 * Whether every pool has a pod that a request must find: one that lives among those that the view admits. Where nothing is
 * probed no view knows who is dead, and a request tries two pods: then at most one that is admitted may be.
 */
function anyAdmits(world: World): boolean {
  const pools = world.isolates[0]?.views.current?.pools ?? [];
  const findable = pools.every(({ pool, pods, shared }) => {
    const alive = ({ pod }: (typeof pods)[number]) => world.pods.of(pod).mode !== "dead";
    const open = pods.filter(({ pod }) => shared.out[pod.index] === 0 && pod.weight > 0);
    if (!open.some(alive)) return false;
    return pool.readiness === undefined ? pods.filter((pod) => !alive(pod)).length <= 1 : open.every(alive);
  });
  return pools.length > 0 && findable;
}

/** Back in step: the store has what was provisional, and at the token's epoch the store names the token's pod. */
function inStep(world: World, token: Token): void {
  const { watch, store } = world;
  // A pod that keeps nothing, with no other to go to, is tried as it is, and nobody tells the store.
  if (
    !world.isolates.every((isolate) =>
      isolate?.views.current?.pools.some(({ pods }) =>
        pods.some(({ pod, keep }) => keep && pod.tag === token.pod),
      ),
    )
  )
    return;
  // What the store said unasked, and again when it was asked, is believed until the session is renewed; so is a move that it
  // says was won where it gave no reason for doubt.
  if (store.hasVouched(token)) return;
  const stored = store.get(token.sid);
  const settled = stored?.epoch === token.epoch && stored.pod === token.pod;
  if (token.flags !== 0 && !settled) {
    watch.fail("I3", `at rest, ${brief(token.sid)} is still in doubt, and the store knows nothing of it`);
  }
  if (stored === undefined || stored.epoch !== token.epoch || stored.state === "R") return;
  // What a failover lost may have been won again by another: the next renewal settles which.
  if (store.lost.has(token.sid)) return;
  if (stored.pod !== token.pod)
    watch.fail("I3", `at rest, the store names another pod for ${brief(token.sid)} at epoch ${token.epoch}`);
}

function tokenOf(text: string | undefined): Token | undefined {
  return text === undefined ? undefined : readText(text)?.token;
}
