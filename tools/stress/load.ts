import { setTimeout as sleep } from "node:timers/promises";
import { fractions } from "../chaos/chance.ts";
import { Beat } from "./beat.ts";
import { END, type Order, type Setting } from "./messages.ts";
import { Recorder } from "./recorder.ts";
import { User } from "./user.ts";
import type { Habit } from "./users/habit.ts";
import { habitOf } from "./users/index.ts";

/**
 * A process of users: `node load.ts SETTING`, started with a channel to its parent and ending with it. It is told orders, and
 * tells a tick each second.
 */
const setting = JSON.parse(process.argv[2] ?? "") as Setting;
if (process.send === undefined) throw new Error("a load is started by the stress run");

const recorder = new Recorder();
const chance = fractions(setting.seed);
const all: { readonly user: User; readonly habit: Habit; readonly beat: Beat }[] = [];
/** In the end, for what is under way. Milliseconds. */
const PATIENCE = 5000;
/** Of one user, between two of its actions. Milliseconds. */
let interval = 1000;

/** @param at by performance.now() */
function come(index: number, at: number): void {
  const user = new User(index, `${setting.name}${index}`, setting.edges, recorder, chance);
  const habit = habitOf(index)(user);
  let begun = false;
  const act = async (due: number) => {
    if (begun) return habit.act(due);
    // It begins its session by looking; what it holds open comes after that, with the session's cookie.
    const said = await user.ask("/", { due });
    if (said === undefined) return;
    user.answeredBy(said.body.trim(), said.from);
    begun = true;
    habit.begin?.();
  };
  const beat = new Beat(act, () => interval * (0.8 + 0.4 * chance()));
  beat.start(at);
  all.push({ user, habit, beat });
}

/** Nothing more becomes due; what has not come to an end after a while counts as an error, however long it would take. */
async function end(): Promise<void> {
  await Promise.race([Promise.all(all.map(({ beat }) => beat.stop())), sleep(PATIENCE)]);
  const [now, until] = [performance.now(), Date.now()];
  for (const { user, beat } of all) {
    for (const due of beat.open) {
      recorder.failed(now - due);
      const what = { client: user.name, method: "GET", status: 0, text: "had not ended when the run did" };
      recorder.trouble({ ...what, from: until - (now - due), until, pod: user.pod });
    }
  }
  tell();
  process.send?.(END);
}

process.on("message", (order: Order | typeof END) => {
  if (order === END) return void end();
  const { users, rate, ramp } = order;
  interval = (users * 1000) / rate;
  const now = performance.now();
  const more = users - all.length;
  for (let i = 0; i < more; i++) come(all.length, now + (ramp * 1000 * i) / more);
});
function tell(): void {
  const connections = all.reduce((sum, { user, habit }) => sum + user.connections + (habit.held ?? 0), 0);
  const users = all.filter(({ user }) => user.pod !== "").length;
  process.send?.(recorder.take(users, connections));
}
setInterval(tell, 1000);
process.on("disconnect", () => process.exit(0));
process.send("listening");
