import { PROVISIONAL } from "../../../src/sessions/token.ts";
import { Jar } from "../client.ts";
import { startFleet } from "../fleet.ts";
import { atLeast, atMost, type Gate, none, told } from "../gate.ts";
import { fullest, gather, herdConfig, inStep, spreadBar, stampede } from "../herd.ts";
import type { Run } from "../scenario.ts";
import { eventually, inParallel } from "../wait.ts";

/**
 * The same with a Redis that is dead: the edges must agree by their views alone, add no error, and bring the store, which
 * comes back with nothing in it, into step with each cookie by the next request of its session.
 */
export async function herdWithoutStore({ quick, bundleDir, say }: Run): Promise<Gate[]> {
  const sessions = quick ? 100 : 500;
  const parallel = quick ? 12 : 32;
  const fleet = await startFleet({ edges: 3, pods: 3, redis: true, config: herdConfig, bundleDir });
  try {
    const members = await gather(fleet, sessions);
    await fleet.redis!.kill();
    const ran = await stampede(fleet, members, fullest(members), parallel);
    for (const line of ran.divergent.slice(0, 10)) say(`divergent: ${line}`);
    const born: { jar: Jar; edge: number }[] = [];
    for (const [i] of Array(30).entries()) {
      const jar = new Jar();
      const edge = i % 3;
      if ((await jar.get(fleet.edges[edge]!.url)).status === 200) born.push({ jar, edge });
    }
    await fleet.redis!.restart();
    // Until each edge's breaker has half-opened: a request before that cannot reach the store, whoever sent it.
    for (const { url } of fleet.edges) {
      await eventually(
        async () => {
          const jar = new Jar();
          await jar.get(url);
          const { sid } = (await fleet.tokens.find(jar, "web")).token;
          await new Promise((resolve) => setTimeout(resolve, 50));
          return fleet.redis!.call("EXISTS", `mooring:s:${sid}`);
        },
        (known) => known === 1,
        { within: 15_000, every: 200 },
      );
    }
    let behind = 0;
    let changed = 0;
    const moved = ran.herd.map(({ sid }, i) => ({ jar: ran.after.get(sid)!, edge: i % 3 }));
    await inParallel([...moved, ...born], 8, async ({ jar, edge }) => {
      const before = (await fleet.tokens.find(jar, "web")).token;
      // What a cookie does not say of itself, because its store failed only after it was issued, its own edge remembers.
      const next = (before.flags & PROVISIONAL) === 0 ? edge : (edge + 1) % 3;
      const answer = await jar.get(fleet.edges[next]!.url);
      const { token } = await fleet.tokens.find(jar, "web");
      if (answer.status !== 200 || token.sid !== before.sid || token.pod !== before.pod) changed++;
      if (!(await inStep(fleet, jar))) behind++;
    });
    return [
      told("sessions", sessions, "sessions"),
      atLeast("of them on the pod that was killed", ran.herd.length, 1, "sessions"),
      told("answers", ran.answers, "answers"),
      none("divergent sessions", ran.divergent.length, "sessions"),
      none("answers that moved a session of a living pod", ran.others, "answers"),
      none("GETs that failed", ran.errors + 30 - born.length, "requests"),
      atMost("fullest pod's share of the herd over the mean", ran.spread, spreadBar(ran.herd.length, 2), "×"),
      told("sessions that moved or were born meanwhile", moved.length + born.length, "sessions"),
      none("of them not in step after one request", behind, "sessions"),
      none("of them elsewhere after it", changed, "sessions"),
    ];
  } finally {
    await fleet.stop();
  }
}
