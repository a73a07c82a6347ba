import type { BindingStore } from "../../src/model/ports.ts";
import type { KindName } from "../claims/kinds.ts";
import { BASE, type Model } from "../claims/model.ts";
import { write } from "../claims/script.ts";
import { runVirtually } from "../claims/virtual.ts";

/** Redis commands of each call, as src/model/ports.ts bounds them and test/worker/sessions/cost.test.ts counts them. */
const COMMANDS = { create: 2, renew: 2, swap: 3, release: 2, read: 1 } as const;

/** Of hosted Redis by the command: dollars for one, and for one that writes, as all do here, once more for each region that reads. */
export const PRICE = 0.2 / 100_000;
export const HOURS_A_MONTH = 730;

/** Users that look every half minute for two hours: long enough to renew what they have. */
const USERS: Model = {
  ...BASE,
  edges: 8,
  users: 60,
  arrive: 3600,
  length: 14_400,
  visits: 240,
  transfers: 0,
};

/** What the store is asked for. */
export interface Commands {
  readonly kind: KindName;
  /** How long a session may be idle; undefined: it has no cookie. */
  readonly idle: string | undefined;
  readonly requests: number;
  /** Hours that sessions lasted, all of them together. */
  readonly hours: number;
  /** Redis commands. */
  readonly commands: number;
  /** The same for a million sessions at once: in a second, and in a month's hours. */
  readonly rate: number;
  readonly month: number;
}

const MILLION = 1_000_000;

/** Plays users against the real edge, and counts what it asks the store. */
export async function commands(
  kind: KindName,
  idle: string | undefined,
  seed: number,
  users = USERS.users,
): Promise<Commands> {
  let count = 0;
  const between = (store: BindingStore): BindingStore => ({
    kind: store.kind,
    create: (...asked) => counted("create", store.create(...asked)),
    renew: (...asked) =>
      counted("renew", store.renew(...asked)).then((found) => {
        // One more to repair.
        if (found === "repaired") count++;
        return found;
      }),
    swap: (...asked) => counted("swap", store.swap(...asked)),
    index(sid, from, to, keep) {
      // Out of one pod's index, and into another's.
      count += (from === undefined || from === to ? 0 : 1) + (to === undefined ? 0 : 1);
      return store.index(sid, from, to, keep);
    },
    release: (...asked) => counted("release", store.release(...asked)),
    read: (...asked) => counted("read", store.read(...asked)),
    expires: (...asked) => counted("read", store.expires(...asked)),
    count: (...asked) => store.count(...asked),
    list: (...asked) => store.list(...asked),
  });
  const counted = <T>(call: keyof typeof COMMANDS, answer: Promise<T>): Promise<T> => {
    count += COMMANDS[call];
    return answer;
  };
  const run = { script: write({ ...USERS, users }, seed), kinds: [kind], seed, between };
  const seen = await runVirtually(idle === undefined ? run : { ...run, idle });
  const { requests, hours } = seen[kind]!;
  const hourly = (count / hours) * MILLION;
  return {
    kind,
    idle,
    requests,
    hours,
    commands: count,
    rate: hourly / 3600,
    month: hourly * HOURS_A_MONTH,
  };
}
