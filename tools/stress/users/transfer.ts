import type { User } from "../user.ts";
import type { Habit } from "./habit.ts";

const STEPS = ["begin", "confirm", "commit"] as const;

/** Sends money in three steps, one an action: the pod that began it must see it to its end. */
export function transfer(user: User): Habit {
  let [step, transfers] = [0, 0];
  return {
    async act(due) {
      const name = STEPS[step]!;
      const [before, since] = [user.pod, user.seen];
      const path = `/transfer/${name}?id=${user.name}-${transfers}`;
      const said = await user.ask(path, { method: "POST", due, fine: [200, 409] });
      if (said !== undefined) user.answeredBy((JSON.parse(said.body) as { pod: string }).pod, said.from);
      if (said?.status === 200 && step < STEPS.length - 1) {
        step++;
        return;
      }
      if (said?.status === 409) {
        user.recorder.interrupted({ what: "transfer", user: user.name, pod: before, since, at: Date.now() });
      }
      // Done, lost, or nobody knows whether the step was taken: the next one begins anew.
      step = 0;
      transfers++;
    },
  };
}
