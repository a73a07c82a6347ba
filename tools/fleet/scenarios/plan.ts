import { fractions } from "../../chaos/chance.ts";
import { startFleet } from "../fleet.ts";
import { atLeast, type Gate, none, told } from "../gate.ts";
import { Crowd } from "../plan/crowd.ts";
import { startPods } from "../plan/pods.ts";
import type { Run } from "../scenario.ts";

/**
 * An operator changes the config again and again, and asks before each change whom it would move. Then every session asks
 * once: those that moved must be those that were named, each to the pod and by the cause that was named.
 */
export async function plan({ quick, bundleDir, seed, say }: Run): Promise<Gate[]> {
  const [sessions, changes] = quick ? [400, 15] : [5000, 200];
  const pods = await startPods();
  const config = () => undefined;
  const fleet = await startFleet({ edges: 1, pods: 0, redis: true, config, bundleDir });
  try {
    const salt = async () => (await fleet.internal<{ salt: string }>("/config")).salt;
    const forget = async (sids: readonly string[]) => {
      const indexes = (await fleet.redis!.call("KEYS", "mooring:p:*")) as string[];
      for (const index of indexes) await fleet.redis!.call("ZREM", index, ...sids);
      await fleet.redis!.call("UNLINK", ...sids.map((sid) => `mooring:s:${sid}`));
    };
    const { url, admin, tokens } = fleet;
    const ground = { url, admin, tokens, salt, urlOf: pods.urlOf, forget };
    const crowd = new Crowd(ground, fractions(seed), sessions);
    await crowd.begin();
    const sums = { exact: 0, moved: 0, wrong: 0, beyond: 0 };
    for (let i = 0; i < changes; i++) {
      const step = await crowd.step();
      const differ = step.differing.length;
      say(`${i}: ${step.words}: ${step.moved} moved${step.exact ? "" : ", an estimate"}`);
      for (const line of step.differing.slice(0, 5)) say(`   ${line}`);
      if (step.exact) sums.exact++;
      sums.moved += step.moved;
      if (step.exact && differ > 0) sums.wrong++;
      if (!step.exact && differ > step.error) sums.beyond++;
    }
    return [
      told("sessions", sessions, "sessions"),
      told("changes", changes, "changes"),
      atLeast("of them planned exactly", sums.exact, 0.9 * changes, "changes"),
      atLeast("moves and ends in all", sums.moved, quick ? sessions / 4 : sessions, "sessions"),
      none("exact plans that named others than moved", sums.wrong, "plans"),
      none("estimates that were off by more than they said", sums.beyond, "plans"),
    ];
  } finally {
    await fleet.stop();
    await pods.stop();
  }
}
