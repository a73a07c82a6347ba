import type { TrendBin } from "../../../src/metrics/trend.ts";
import { CAUSES } from "../../../src/model/binding.ts";
import { OUTCOMES } from "../../../src/model/decision.ts";
import { callCoordinator } from "../../admin/call.ts";
import type { Glance } from "../../coordinator/glance.ts";
import { Problem } from "../api.ts";
import { count, known, latency, percent, rate, some } from "../format.ts";
import { Live, Stat, Trouble, toneOf } from "../parts/bits.tsx";
import { BreakList, type BreakRow } from "../parts/breaks.tsx";
import { Bars, Lines, type Series } from "../parts/chart.tsx";
import { AT } from "../places.ts";
import { render, type Visit } from "../visit.tsx";
import { type AlertList, AlertTable } from "./alerts.tsx";
import { type PoolList, PoolTable } from "./pools.tsx";

const SHOWN = 50;

/** How traffic, sessions and pods are at a glance. */
export async function overview(visit: Visit): Promise<Response> {
  const { api } = visit;
  const [glance, pools, alerts, ledger] = await Promise.all([
    glanceOf(visit),
    api.get<PoolList>(`/pools?limit=${SHOWN}`),
    api.get<AlertList>("/alerts"),
    api.get<{ breaks: BreakRow[] }>("/ledger?limit=8"),
  ]);
  return render(
    visit,
    { title: "Overview", place: "Overview" },
    <>
      <h1>Overview</h1>
      <Live id="figures" class="figures">
        {glance instanceof Problem ? <Trouble problem={glance} /> : <Figures glance={glance} pools={pools} />}
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

/** What the coordinator has of the last while. */
export async function glanceOf({ isolate }: Visit): Promise<Glance | Problem> {
  const answer = await callCoordinator(isolate, "/glance", {});
  if (answer instanceof Response)
    return new Problem(answer.status, (await answer.json()) as Partial<Problem>);
  return (await answer.json()) as Glance;
}

function Figures({ glance, pools }: { glance: Glance; pools: PoolList | Problem }) {
  const { traffic, gauges, breaks } = glance;
  const { outcomes, errors, p50, p99 } = traffic.all;
  const requests = total(traffic.all);
  const states = Object.values(gauges.pods).flatMap((own) => Object.entries(own));
  const pods = states.reduce((sum, [, pods]) => sum + pods, 0);
  const good = states.reduce((sum, [state, pods]) => sum + (toneOf(state) === "good" ? pods : 0), 0);
  const flying = Object.values(gauges.inflight).reduce((sum, pods) => sum + pods, 0);
  const firing = Object.entries(gauges.alerts).filter(([, fires]) => fires);
  const broken = Object.values(breaks.causes)
    .flat()
    .reduce((sum, one) => sum + one, 0);
  const part = (some: number) => (requests === 0 ? "–" : percent(some / requests));
  return (
    <dl class="stats">
      <Stat name="Requests" value={`${rate(requests / traffic.seconds)}/s`} note="over the last minute" />
      <Stat name="Kept" value={part(outcomes.kept)} note={`${count(outcomes.moved)} moved`} />
      <Stat name="Errors" value={part(errors)} note={`${count(errors)} answered 5xx`} />
      <Stat name="p50" value={latency(p50)} note="until the headers" />
      <Stat name="p99" value={latency(p99)} note="of the last minute" />
      <Stat name="Sessions" value={sessionsOf(pools)} note={`${some(broken, "break")} in an hour`} />
      <Stat name="In flight" value={count(flying)} note={some(sum(gauges.isolates), "active isolate")} />
      <Stat name="Pods" value={`${count(good)}/${count(pods)}`} note="take new sessions" />
      <Stat
        name="Alerts"
        value={String(firing.length)}
        note={firing.length === 0 ? "none fires" : firing.map(([rule]) => rule).join(", ")}
      />
      <Stat name="Revision" value={String(gauges.revision)} note={behind(gauges.isolates, gauges.revision)} />
    </dl>
  );
}

function sessionsOf(pools: PoolList | Problem): string {
  if (pools instanceof Problem) return "–";
  const counts = pools.pools.map(({ sessions }) => sessions);
  const found = counts.filter((one) => one !== null);
  return found.length < counts.length
    ? "–"
    : `${known(found.reduce((all, one) => all + one, 0))}${pools.cursor === null ? "" : "+"}`;
}

function sum(values: Readonly<Record<string, number>>): number {
  return Object.values(values).reduce((all, one) => all + one, 0);
}

function behind(isolates: Readonly<Record<string, number>>, revision: number): string {
  const others = sum(isolates) - (isolates[String(revision)] ?? 0);
  return others === 0 ? "at every isolate" : `not at ${some(others, "isolate")}`;
}

export function total({ outcomes }: TrendBin): number {
  return sum(outcomes);
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
