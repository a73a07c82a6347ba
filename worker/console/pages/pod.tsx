import { tagFromHex } from "../../../src/model/pod.ts";
import { askCoordinator } from "../../admin/call.ts";
import { countSessions } from "../../admin/fleet.ts";
import type { PodStatus } from "../../coordinator/pod-status.ts";
import { Problem, path, query } from "../api.ts";
import { count, cut, known } from "../format.ts";
import { Act, Live, State, Time, Trouble } from "../parts/bits.tsx";
import { Done, doneAt, notDone } from "../parts/done.tsx";
import { DrainProgress } from "../parts/drain.tsx";
import { AT, podPage, poolPage } from "../places.ts";
import { can, render, type Visit } from "../visit.tsx";
import { type PodView, Probes } from "./pool.tsx";

/** One pod: how it stands, what became of its checks, and what an operator may say of it. */
export async function pod(visit: Visit): Promise<Response> {
  const [pool, id] = [visit.param("pool"), visit.param("pod")];
  const place = "Pools";
  const one = await podOf(visit, pool, id);
  if (one instanceof Problem) {
    return render(visit, { title: "Pods", place, status: one.status }, <Trouble problem={one} />);
  }
  const { state, sessions, inFlight, weight, configWeight, since, deadline, health } = one;
  const of = /^[0-9]{1,9}$/.test(visit.query.of ?? "") ? Number(visit.query.of) : undefined;
  return render(
    visit,
    { title: cut(id), place },
    <>
      <div class="head">
        <h1>Pod {cut(id)}</h1>
        <a href={poolPage(pool)}>Pool {cut(pool)}</a>
        <a href={`${AT}/sessions${query({ pool, pod: id })}`}>Its sessions</a>
      </div>
      <Done visit={visit} />
      <Live id="pod">
        <div class="pair">
          <h2>
            <State state={state} />
          </h2>
          <span class="faint">
            since <Time at={since} now={visit.now} />
          </span>
        </div>
        {state === "draining" && <DrainProgress pod={one} now={visit.now} of={of} />}
        {state === "drained" && of !== undefined && of > 0 && (
          <progress max={1} value={1} aria-label={`Drain of ${id}: done`} />
        )}
        <dl class="facts">
          <div>
            <dt>Sessions</dt>
            <dd>{known(sessions)}</dd>
          </div>
          <div>
            <dt>In flight</dt>
            <dd>{count(inFlight)}</dd>
          </div>
          <div>
            <dt>Weight</dt>
            <dd>{weight === configWeight ? weight : `${weight} (config: ${configWeight})`}</dd>
          </div>
          <div>
            <dt>Deadline</dt>
            <dd>
              <Time at={deadline} now={visit.now} />
            </dd>
          </div>
          <div>
            <dt>Probes and edges say</dt>
            <dd>
              <State state={health.state} />
            </dd>
          </div>
          <div>
            <dt>Probes</dt>
            <dd>
              <Probes of={health.probes} />
            </dd>
          </div>
        </dl>
      </Live>
      {can(visit, "drain") && <Orders pool={pool} id={id} visit={visit} />}
      <Live id="history">
        <h2>What became of its checks</h2>
        <ul class="log">
          {health.history.map(({ at, check, state: to }) => (
            <li>
              <Time at={at} now={visit.now} />
              <span>{cut(check)}</span>
              <span>{cut(to)}</span>
            </li>
          ))}
        </ul>
        {health.history.length === 0 && <p class="faint">None has ever flipped.</p>}
      </Live>
    </>,
  );
}

function Orders({ pool, id, visit }: { pool: string; id: string; visit: Visit }) {
  const at = podPage(pool, id);
  const to = `pod ${cut(id, 60)}`;
  return (
    <section class="panel">
      <h2>Orders</h2>
      <div class="acts">
        <Act action={`${at}/drain`} label="Drain" to={to}>
          <label for="deadline">within</label>
          <input id="deadline" name="deadline" placeholder="pool: drain" autocomplete="off" />
        </Act>
        {can(visit, "write") && (
          <>
            <Act action={`${at}/ready`} label="Let in" to={to} />
            <Act action={`${at}/disable`} label="Disable" to={to} tone="danger" />
          </>
        )}
      </div>
      <p class="faint">
        Draining, it takes no new sessions and keeps its own until the deadline (5m, 12h; none: the drain of
        its pool). Disabled, it loses them at once.
      </p>
    </section>
  );
}

/** A pod by its id: the API lists whole pools. */
async function podOf({ isolate }: Visit, pool: string, id: string): Promise<PodView | Problem> {
  const reply = await askCoordinator<{ pod: PodStatus }>(isolate, `/pod${query({ pool, pod: id })}`);
  if (reply instanceof Response) return new Problem(reply.status, (await reply.json()) as Partial<Problem>);
  const [sessions = null] = await countSessions(isolate, [tagFromHex(reply.pod.tag)]);
  return { ...reply.pod, sessions };
}

const pathOf = (visit: Visit) => `/pools${path(visit.param("pool"))}/pods${path(visit.param("pod"))}`;
const pageOf = (visit: Visit) => podPage(visit.param("pool"), visit.param("pod"));

/** How many sessions it had travels in the url of its page: nobody else need remember it. */
export async function drain(visit: Visit, form: URLSearchParams): Promise<Response> {
  const deadline = (form.get("deadline") ?? "").trim();
  const reply = await visit.api.send<{ sessions: number }>(
    "POST",
    `${pathOf(visit)}/drain`,
    deadline === "" ? {} : { deadline },
  );
  if (!(reply instanceof Problem)) return doneAt(pageOf(visit), "draining", { of: reply.sessions });
  // The order stands: it is only not known how many sessions the pod has.
  if (reply.code === "store-down") return doneAt(pageOf(visit), "draining");
  return notDone(visit, "Pools", pageOf(visit), reply);
}

const order = (state: "ready" | "disabled") => async (visit: Visit) => {
  const reply = await visit.api.send("PATCH", pathOf(visit), { state });
  return reply instanceof Problem
    ? notDone(visit, "Pools", pageOf(visit), reply)
    : doneAt(pageOf(visit), state);
};
export const ready = order("ready");
export const disable = order("disabled");
