import { setTimeout as sleep } from "node:timers/promises";
import { fractions } from "../../chaos/chance.ts";
import { decision, Jar } from "../client.ts";
import { Door } from "../door.ts";
import { SECRET, startFleet } from "../fleet.ts";
import { atLeast, type Gate, none, told } from "../gate.ts";
import { herdConfig } from "../herd.ts";
import { wholeLedger } from "../ledger.ts";
import type { EnvChange } from "../member.ts";
import type { Run } from "../scenario.ts";
import { KeyReader } from "../token.ts";
import { eventually } from "../wait.ts";

const SECRETS = [SECRET, ...[1, 2, 3].map((i) => `secret-${i}-of-a-fleet-that-rotates-its-keys`)];
const IDLE = 6;

interface Client {
  readonly jar: Jar;
  readonly sid: string;
  asked: number;
}

/**
 * Secrets are rotated under load, by the three steps that the operations manual tells, each of which restarts every edge in
 * turn. Whoever asks during the overlap keeps its session; who does not is refused once the old key has gone, and the
 * ledger says so.
 */
export async function rotation({ quick, bundleDir, seed, say }: Run): Promise<Gate[]> {
  const edges = quick ? 2 : 3;
  const rotations = quick ? 1 : 3;
  const fleet = await startFleet({ edges, pods: 3, redis: true, config: herdConfig, bundleDir });
  const keys = new KeyReader(SECRETS);
  const draw = fractions(seed);
  const door = new Door(fleet.edges, draw);
  let answers = 0;
  let errors = 0;
  let lost = 0;
  let running = true;

  const begin = async (): Promise<Client> => {
    const jar = new Jar();
    await door.through((url) => jar.get(url));
    return { jar, sid: (await keys.find(jar, "web"))!.token.sid, asked: 0 };
  };
  const live = async (client: Client) => {
    while (running) {
      await sleep(50 + 200 * draw());
      const answer = await door.through((url) => client.jar.get(url)).catch(() => undefined);
      if (answer?.status !== 200) {
        errors++;
        continue;
      }
      answers++;
      client.asked = Date.now();
      const found = await keys.find(client.jar, "web");
      if (decision(answer).outcome === "kept" && found?.token.sid === client.sid) continue;
      lost++;
      say(`lost: ${client.sid} was answered ${answer.headers["mooring-decision"]}`);
      return;
    }
  };
  const everywhere = async (env: EnvChange) => {
    for (const [i, edge] of fleet.edges.entries()) {
      await door.takeOut(i);
      await edge.restart({ env });
      door.putIn(i);
    }
  };

  try {
    const clients: Client[] = [];
    for (let i = 0; i < (quick ? 40 : 90); i++) clients.push(await begin());
    const lives = clients.map(live);
    let refused = 0;
    let accepted = 0;
    let old = 0;
    const ended = new Set<string>();
    const inLedger = () =>
      eventually(
        () => wholeLedger(fleet),
        (entries) => entries.length >= ended.size,
      );
    for (let round = 0; round < rotations; round++) {
      const [before, after] = [SECRETS[round]!, SECRETS[round + 1]!];
      const idle: Client[] = [];
      for (let i = 0; i < IDLE; i++) idle.push(await begin());
      await everywhere({ MOORING_SECRET_NEXT: after });
      await everywhere({
        MOORING_SECRET: after,
        MOORING_SECRET_NEXT: undefined,
        MOORING_SECRET_PREVIOUS: before,
      });
      const overlap = Date.now();
      await eventually(
        async () => clients.every(({ asked }) => asked > overlap),
        (all) => all,
      );
      await everywhere({ MOORING_SECRET_PREVIOUS: undefined, MOORING_SECRET_RETIRED: before });
      for (const { jar } of clients) if ((await keys.find(jar, "web"))?.key !== round + 1) old++;
      for (const { jar, sid } of idle) {
        ended.add(sid);
        for (const { url } of fleet.edges) {
          const own = jar.copy();
          const { outcome } = decision(await own.get(url));
          const fresh = await keys.find(own, "web");
          if (outcome === "bound" && fresh?.token.sid !== sid && fresh?.key === round + 1) refused++;
          else accepted++;
        }
      }
      // What an edge has not told with a heartbeat dies with it, and the next round restarts them all.
      await inLedger();
    }
    running = false;
    await Promise.all(lives);
    const ledger = await inLedger();
    const retired = ledger.filter(
      ({ sid, cause, to }) => ended.has(sid) && cause === "key-retired" && to === "",
    );
    return [
      told("rotations", rotations, "rotations"),
      told("clients that ask all the time", clients.length, "clients"),
      atLeast("answers meanwhile", answers, clients.length * 3 * rotations, "answers"),
      none("requests that failed", errors, "requests"),
      none("sessions lost in the overlap", lost, "sessions"),
      none("cookies that still wait for the new key after it", old, "cookies"),
      told("cookies of the retired key refused, at each edge", refused, "answers"),
      none("cookies of the retired key accepted", accepted, "answers"),
      none("sessions that ended so without exactly one break", ended.size - retired.length, "sessions"),
      none("other breaks", ledger.length - retired.length, "breaks"),
    ];
  } finally {
    running = false;
    await fleet.stop();
  }
}
