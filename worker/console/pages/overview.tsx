import { CAUSES } from "../../../src/model/binding.ts";
import { OUTCOMES } from "../../../src/model/decision.ts";
import { callCoordinator } from "../../admin/call.ts";
import type { Glance } from "../../coordinator/glance.ts";
import { Problem } from "../api.ts";
import { count, latency, rate } from "../format.ts";
import { Live, Trouble } from "../parts/bits.tsx";
import { BreakList, type BreakRow } from "../parts/breaks.tsx";
import { Bars, Lines, type Series } from "../parts/chart.tsx";
import { Figures, total } from "../parts/figures.tsx";
import { AT } from "../places.ts";
import { render, type Visit } from "../visit.tsx";
import { type AlertList, AlertTable } from "./alerts.tsx";
import type { Diagnosis } from "./doctor.tsx";
import { type PoolList, PoolTable } from "./pools.tsx";

const SHOWN = 50;

/** How traffic, sessions and pods are at a glance. */
export async function overview(visit: Visit): Promise<Response> {
  const { api } = visit;
  const listed = api.get<PoolList>(`/pools?limit=${SHOWN}`);
  const [glance, pools, alerts, ledger, told] = await Promise.all([
    glanceOf(visit),
    listed,
    api.get<AlertList>("/alerts"),
    api.get<{ breaks: BreakRow[] }>("/ledger?limit=8"),
    listed.then((list) => toldOf(visit, list)),
  ]);
  return render(
    visit,
    { title: "Overview", place: "Overview" },
    <>
      <h1>Overview</h1>
      <Live id="figures" class="figures">
        {glance instanceof Problem ? (
          <Trouble problem={glance} />
        ) : (
          <Figures glance={glance} pools={pools} told={told} />
        )}
      </Live>
      <Live id="charts" class="columns three">
        {!(glance instanceof Problem) && <Charts glance={glance} />}
      </Live>
      <Live id="pools">
        <h2>
          <a href={`${AT}/pools`}>Pools</a>
        </h2>
        {pools instanceof Problem ? (
          <Trouble problem={pools} />
        ) : (
          <PoolTable list={pools} traffic={glance instanceof Problem ? undefined : glance.traffic} />
        )}
      </Live>
      <div class="columns">
        <Live id="breaks">
          <h2>Last breaks</h2>
          {ledger instanceof Problem ? (
            <Trouble problem={ledger} />
          ) : (
            <BreakList breaks={ledger.breaks} now={visit.now} />
          )}
        </Live>
        <Live id="alerts">
          <h2>
            <a href={`${AT}/alerts`}>Alerts</a>
          </h2>
          {alerts instanceof Problem ? (
            <Trouble problem={alerts} />
          ) : (
            <AlertTable list={alerts} now={visit.now} />
          )}
        </Live>
      </div>
    </>,
  );
}

/** What doctor finds, once the pools are listed with the sessions of all: it goes by the same counts, and costs the store none. */
async function toldOf({ api }: Visit, pools: PoolList | Problem): Promise<Diagnosis | undefined> {
  if (pools instanceof Problem || pools.cursor !== null) return undefined;
  const told = await api.get<Diagnosis>("/doctor");
  return told instanceof Problem ? undefined : told;
}

/** What the coordinator has of the last while. */
export async function glanceOf({ isolate }: Visit): Promise<Glance | Problem> {
  const answer = await callCoordinator(isolate, "/glance", {});
  if (answer instanceof Response)
    return new Problem(answer.status, (await answer.json()) as Partial<Problem>);
  return (await answer.json()) as Glance;
}

/** Bars of a chart: the least of these that show all there is, so that what has just begun is no line at the edge. */
const TRAFFIC = [18, 30, 60, 90];
const BREAKS = [10, 20, 30, 60];

/** How many of the last values to show. @param values of the same stretches of time, the oldest first */
function shownOf(values: readonly (readonly number[])[], lengths: readonly number[]): number {
  const all = values[0]?.length ?? 0;
  const first = Math.min(...values.map((one) => one.findIndex((value) => value > 0) >>> 0), all);
  return lengths.find((length) => length >= all - first) ?? all;
}

function Charts({ glance: { traffic, breaks } }: { glance: Glance }) {
  const { step } = traffic;
  const bins = traffic.bins.slice(-shownOf([traffic.bins.map(total)], TRAFFIC));
  const span = `${(bins.length * step) / 60_000} min`;
  const outcomes: Series[] = OUTCOMES.map((name) => ({
    name,
    values: bins.map((bin) => bin.outcomes[name]),
  }));
  const minutes = shownOf(Object.values(breaks.causes), BREAKS);
  const causes: Series[] = CAUSES.flatMap((name) =>
    Object.hasOwn(breaks.causes, name) ? [{ name, values: breaks.causes[name]!.slice(-minutes) }] : [],
  );
  return (
    <>
      <div class="panel">
        <h2>Requests by outcome</h2>
        <Bars
          series={outcomes}
          label="Requests"
          span={span}
          unit={(most) => `${rate((1000 * most) / step)}/s`}
        />
      </div>
      <div class="panel">
        <h2>Latency</h2>
        <Lines
          series={[
            { name: "p50", values: bins.map(({ p50 }) => p50) },
            { name: "p99", values: bins.map(({ p99 }) => p99) },
          ]}
          label="Latency"
          span={span}
          unit={latency}
        />
      </div>
      <div class="panel">
        <h2>Breaks by cause</h2>
        <Bars
          series={causes}
          label="Breaks"
          span={`${minutes || 60} min`}
          unit={(most) => `${count(most)} a minute`}
        />
        {causes.length === 0 && <p class="faint">No session has left its pod within the hour.</p>}
      </div>
    </>
  );
}
