import type { TrendBin } from "../../../src/metrics/trend.ts";
import type { Glance } from "../../coordinator/glance.ts";
import { Problem } from "../api.ts";
import { count, known, latency, percent, rate, some } from "../format.ts";
import { type Diagnosis, numbersOf } from "../pages/doctor.tsx";
import type { PoolList } from "../pages/pools.tsx";
import { AT } from "../places.ts";
import { Stat, toneOf } from "./bits.tsx";

/** How things stand, in a row of figures. @param told what doctor finds; undefined: it was not asked */
export function Figures({
  glance,
  pools,
  told,
}: {
  glance: Glance;
  pools: PoolList | Problem;
  told: Diagnosis | undefined;
}) {
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
      <Stat
        name="Doctor"
        page={`${AT}/doctor`}
        value={known(told?.findings.length)}
        note={told === undefined ? "asked on its page" : numbersOf(told.findings) || "nothing is wrong"}
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
