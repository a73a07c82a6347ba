import type { PodStatus } from "../../coordinator/pod-status.ts";
import { seeOther } from "../access.ts";
import { Problem, path, query } from "../api.ts";
import { count, cut, known, length } from "../format.ts";
import { Act, Live, Pager, State, Trouble, toneOf } from "../parts/bits.tsx";
import { Share } from "../parts/chart.tsx";
import { Done } from "../parts/done.tsx";
import { DrainProgress } from "../parts/drain.tsx";
import { AT, podPage, poolPage } from "../places.ts";
import { can, render, type Visit } from "../visit.tsx";

/** A pod, as GET /pools/{pool}/pods gives it. */
export type PodView = Omit<PodStatus, "tag"> & { readonly sessions: number | null };

/** Cards on a page. */
const SHOWN = 60;

/** The pods of a pool as cards, a page of them at a time. */
export async function pool(visit: Visit): Promise<Response> {
  const name = visit.param("pool");
  const { cursor, pod } = visit.query;
  if (pod) return seeOther(podPage(name, pod));
  const list = await visit.api.get<{ pods: PodView[]; cursor: string | null }>(
    `/pools${path(name)}/pods${query({ limit: SHOWN, cursor })}`,
  );
  const place = "Pools";
  if (list instanceof Problem) {
    return render(visit, { title: "Pools", place, status: list.status }, <Trouble problem={list} />);
  }
  const most = Math.max(...list.pods.map(({ sessions }) => sessions ?? 0), 1);
  return render(
    visit,
    { title: cut(name), place },
    <>
      <div class="head">
        <h1>Pods of {cut(name)}</h1>
        <a href={`${AT}/keys${query({ pool: name })}`}>Keys</a>
        <a href={`${AT}/sessions${query({ pool: name })}`}>Sessions</a>
      </div>
      <Done visit={visit} />
      <form class="fields" action={poolPage(name)}>
        <div>
          <label for="pod">Pod by its id</label>
          <input id="pod" name="pod" autocomplete="off" />
        </div>
        <button type="submit">Open</button>
      </form>
      <Live id="pods" class="cards">
        {list.pods.map((one) => (
          <Card pod={one} most={most} visit={visit} />
        ))}
      </Live>
      {list.pods.length === 0 && <p class="faint">The pool has no pods.</p>}
      <Pager
        of="pods"
        first={cursor === undefined ? undefined : poolPage(name)}
        next={list.cursor === null ? undefined : poolPage(name) + query({ cursor: list.cursor })}
      />
    </>,
  );
}

function Card({ pod, most, visit }: { pod: PodView; most: number; visit: Visit }) {
  const { id, pool, state, sessions, inFlight, weight, configWeight, since, health } = pod;
  const at = podPage(pool, id);
  const own = weight === configWeight ? "" : ` (config: ${configWeight})`;
  return (
    <article class={`card ${toneOf(state)}`} data-key={id}>
      <header>
        <h2>
          <a href={at}>{cut(id, 60)}</a>
        </h2>
        <State state={state} />
      </header>
      <div class="pair">
        <span>
          <b>{known(sessions)}</b> sessions
        </span>
        <span>
          <b>{count(inFlight)}</b> in flight
        </span>
      </div>
      <Share share={(sessions ?? 0) / most} />
      <div class="pair faint">
        <span>
          weight {weight}
          {own}
        </span>
        {since !== null && (
          <span>
            for <time datetime={new Date(since).toISOString()}>{length(visit.now - since)}</time>
          </span>
        )}
      </div>
      <Probes of={health.probes} />
      {state === "draining" ? (
        <DrainProgress pod={pod} now={visit.now} />
      ) : (
        can(visit, "drain") &&
        state !== "drained" && <Act action={`${at}/drain`} label="Drain" to={`pod ${cut(id, 60)}`} />
      )}
      {(state === "draining" || state === "drained" || state === "disabled") && can(visit, "write") && (
        <Act action={`${at}/ready`} label="Let in again" to={`pod ${cut(id, 60)}`} />
      )}
    </article>
  );
}

export function Probes({ of }: { of: PodView["health"]["probes"] }) {
  const probes = Object.entries(of);
  if (probes.length === 0) return <div class="faint">no probe</div>;
  return (
    <div class="faint">
      {probes.map(([name, { state }]) => (
        <span>
          {name}: {state}{" "}
        </span>
      ))}
    </div>
  );
}
