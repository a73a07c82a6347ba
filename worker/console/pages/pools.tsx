import type { Traffic } from "../../../src/metrics/trends.ts";
import { Problem, query } from "../api.ts";
import { count, cut, known, latency, percent, rate } from "../format.ts";
import { Live, Pager, Trouble, toneOf } from "../parts/bits.tsx";
import { total } from "../parts/figures.tsx";
import { number, Table } from "../parts/table.tsx";
import { AT, poolPage } from "../places.ts";
import { render, type Visit } from "../visit.tsx";
import { glanceOf } from "./overview.tsx";

/** As GET /pools gives them. */
export interface PoolList {
  readonly pools: readonly {
    readonly name: string;
    readonly policy: string;
    readonly pods: number;
    readonly states: Readonly<Record<string, number>>;
    readonly sessions: number | null;
  }[];
  readonly cursor: string | null;
}

const SHOWN = 100;

/** All pools, a page of them at a time. */
export async function pools(visit: Visit): Promise<Response> {
  const { cursor } = visit.query;
  const [list, glance] = await Promise.all([
    visit.api.get<PoolList>(`/pools${query({ limit: SHOWN, cursor })}`),
    glanceOf(visit),
  ]);
  return render(
    visit,
    { title: "Pools", place: "Pools", ...(list instanceof Problem ? { status: list.status } : {}) },
    <>
      <h1>Pools</h1>
      <Live id="pools">
        {list instanceof Problem ? (
          <Trouble problem={list} />
        ) : (
          <PoolTable list={list} traffic={glance instanceof Problem ? undefined : glance.traffic} />
        )}
      </Live>
      {!(list instanceof Problem) && (
        <Pager
          of="pools"
          first={cursor === undefined ? undefined : `${AT}/pools`}
          next={list.cursor === null ? undefined : `${AT}/pools${query({ cursor: list.cursor })}`}
        />
      )}
    </>,
  );
}

export function PoolTable({ list, traffic }: { list: PoolList; traffic: Traffic | undefined }) {
  if (list.pools.length === 0) return <p class="faint">The config has no pools.</p>;
  return (
    <Table
      columns={["Pool", "Pods", ...["Sessions", "Requests", "Errors", "p50", "p99"].map(number)]}
      rows={list.pools.map(({ name, policy, pods, states, sessions }) => {
        // A pool may be named as what every object has.
        const bin = traffic && Object.hasOwn(traffic.pools, name) ? traffic.pools[name] : undefined;
        const requests = bin === undefined ? 0 : total(bin);
        return [
          <>
            <a href={poolPage(name)}>
              <b>{cut(name)}</b>
            </a>
            <small>{policy}</small>
          </>,
          <>
            {count(pods)} <States states={states} />
          </>,
          known(sessions),
          traffic === undefined ? "–" : `${rate(requests / traffic.seconds)}/s`,
          bin === undefined || requests === 0 ? "–" : percent(bin.errors / requests),
          latency(bin?.p50 ?? null),
          latency(bin?.p99 ?? null),
        ];
      })}
    />
  );
}

/** How many pods are in which state. */
function States({ states }: { states: Readonly<Record<string, number>> }) {
  return (
    <span class="states">
      {Object.entries(states).map(([state, pods]) => (
        <span class={`pill ${toneOf(state)}`}>
          {count(pods)} {state}
        </span>
      ))}
    </span>
  );
}
