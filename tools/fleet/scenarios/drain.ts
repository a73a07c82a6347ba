import { crowdOn, drainAndLeave, drainToDeadline } from "../drain.ts";
import { startFleet } from "../fleet.ts";
import { atLeast, atMost, type Gate, none, told } from "../gate.ts";
import { wholeLedger } from "../ledger.ts";
import type { Run } from "../scenario.ts";
import { eventually } from "../wait.ts";

/** Within which `/drained` must answer once the last session has left, and every edge obey a deadline. Milliseconds. */
const SOON = { drained: 5000, obeyed: 10_000 };

/**
 * Two of three pods are drained, at two edges: from one its sessions leave by themselves, and the call that waits for that
 * answers; those of the other outlive the deadline, and move then, no sooner.
 */
export async function drain({ quick, bundleDir, say }: Run): Promise<Gate[]> {
  const count = quick ? 50 : 200;
  const seconds = quick ? 3 : 15;
  const fleet = await startFleet({ edges: 2, pods: 3, redis: true, bundleDir });
  try {
    const leaving = await crowdOn(fleet, "web-0", count);
    const left = await drainAndLeave(fleet, "web-0", leaving);
    say(`drained answered ${JSON.stringify(left.answer)}`);
    await fleet.admin.send("PATCH", "/v1/pools/web/pods/web-0", { body: { state: "ready" } });
    const staying = await crowdOn(fleet, "web-1", count);
    const ended = await drainToDeadline(fleet, "web-1", staying, seconds);
    const sids = new Set(staying.map(({ sid }) => sid));
    const ledger = await eventually(
      async () => (await wholeLedger(fleet)).filter(({ sid }) => sids.has(sid)),
      (entries) => entries.length >= sids.size,
    );
    const other = ledger.filter(({ cause }) => cause !== "drain-deadline").length;
    return [
      told("sessions of each drained pod", count, "sessions"),
      none("new sessions on a draining pod", left.taken, "sessions"),
      none("answers to its sessions by another pod", left.strayed, "answers"),
      atLeast("the call waited while a session was left", Number(left.waited), 1, "calls"),
      none("sessions left when it answered", left.answer.sessions, "sessions"),
      atMost("from the end of the last one to its answer", Math.round(left.lag), SOON.drained, "ms"),
      atLeast("from the deadline to the first move", ended.first, 0, "ms"),
      atMost("from the deadline to the last answer by the pod", ended.last, SOON.obeyed, "ms"),
      atLeast("sessions moved at the deadline", ended.moved, count, "sessions"),
      none("sessions without exactly one break", Math.abs(ledger.length - count), "sessions"),
      none("other breaks", other, "breaks"),
    ];
  } finally {
    await fleet.stop();
  }
}
