import type { SessionView } from "../../admin/session-view.ts";
import { Problem, path, query } from "../api.ts";
import { cut } from "../format.ts";
import { Act, Live, Time, Trouble } from "../parts/bits.tsx";
import { BreakList, type BreakRow, PodLink } from "../parts/breaks.tsx";
import { Done, doneAt, notDone } from "../parts/done.tsx";
import { AT, sessionPage } from "../places.ts";
import { can, render, type Visit } from "../visit.tsx";

/** Pods that are offered to move to. */
const OFFERED = 200;

/** One session: where it is, why it ever left a pod, and how to have it leave this one. */
export async function session(visit: Visit): Promise<Response> {
  const sid = visit.param("sid");
  const [one, ledger] = await Promise.all([
    visit.api.get<SessionView>(`/sessions${path(sid)}`),
    visit.api.get<{ breaks: BreakRow[] }>(`/ledger${query({ sid, limit: 50 })}`),
  ]);
  const lost = one instanceof Problem;
  return render(
    visit,
    { title: `Session ${sid.slice(0, 8)}`, place: "Sessions", ...(lost ? { status: one.status } : {}) },
    <>
      <div class="head">
        <h1>
          Session <span class="sid">{cut(sid, 40)}</span>
        </h1>
        <a href={`${AT}/sessions`}>All sessions</a>
      </div>
      <Done visit={visit} />
      <Live id="session">{lost ? <Trouble problem={one} /> : <Facts one={one} now={visit.now} />}</Live>
      {!lost && can(visit, "write") && <Orders one={one} visit={visit} />}
      <Live id="breaks">
        <h2>Why it left its pods</h2>
        {ledger instanceof Problem ? (
          <Trouble problem={ledger} />
        ) : (
          <BreakList
            breaks={ledger.breaks}
            now={visit.now}
            none="It never did, as far as the ledger goes back."
          />
        )}
      </Live>
    </>,
  );
}

function Facts({ one, now }: { one: SessionView; now: number }) {
  const { pool, pod, home, epoch, created, seen, expires } = one;
  const row = (name: string, value: unknown) => (
    <div>
      <dt>{name}</dt>
      <dd>{value as string}</dd>
    </div>
  );
  return (
    <dl class="facts">
      {row("Pool", cut(pool))}
      {row("Pod", <PodLink pool={pool} pod={pod} />)}
      {row("Home", <PodLink pool={pool} pod={home} />)}
      {row("Epoch", epoch)}
      {row("Began", <Time at={created} now={now} />)}
      {row("Seen", <Time at={seen} now={now} />)}
      {row("Ends unless seen", <Time at={expires} now={now} />)}
    </dl>
  );
}

function Orders({ one, visit }: { one: SessionView; visit: Visit }) {
  const at = sessionPage(one.sid);
  const pool = visit.isolate.views.current?.pools.find(({ pool: { name } }) => name === one.pool);
  const others = (pool?.pods ?? []).map(({ pod }) => pod.id).filter((id) => id !== one.pod);
  const to = `session ${one.sid.slice(0, 8)}`;
  return (
    <section class="panel">
      <h2>Orders</h2>
      <div class="acts">
        <Act action={`${at}/move`} label="Move" to={to}>
          <label for="pod">to pod</label>
          <input id="pod" name="pod" list="others" required autocomplete="off" />
          <datalist id="others">
            {others.slice(0, OFFERED).map((id) => (
              <option value={id} />
            ))}
          </datalist>
        </Act>
        <Act action={`${at}/revoke`} label="Revoke" to={to} tone="danger" />
      </div>
      <p class="faint">
        Its next request follows, at every edge within 10 s. Revoked, it ends: that request begins a new
        session.
      </p>
    </section>
  );
}

export async function move(visit: Visit, form: URLSearchParams): Promise<Response> {
  const sid = visit.param("sid");
  const pod = (form.get("pod") ?? "").trim();
  const reply = await visit.api.send("POST", `/sessions${path(sid)}/move`, { pod });
  return reply instanceof Problem
    ? notDone(visit, "Sessions", sessionPage(sid), reply)
    : doneAt(sessionPage(sid), "moved");
}

export async function revoke(visit: Visit): Promise<Response> {
  const sid = visit.param("sid");
  const reply = await visit.api.send("DELETE", `/sessions${path(sid)}`);
  return reply instanceof Problem
    ? notDone(visit, "Sessions", sessionPage(sid), reply)
    : doneAt(`${AT}/sessions`, "revoked");
}
