import { keySpread, type PodKeys } from "../../../src/plan/spread.ts";
import { freshView } from "../../admin/fleet.ts";
import { Problem, query } from "../api.ts";
import { cut, percent } from "../format.ts";
import { Live, Pager, State, Trouble } from "../parts/bits.tsx";
import { Share } from "../parts/chart.tsx";
import { number, Table } from "../parts/table.tsx";
import { AT, podPage } from "../places.ts";
import { render, type Visit } from "../visit.tsx";

/** Pods on a page. */
const SHOWN = 100;

/** How the keys of a pool lie over its pods, those with the most first. */
export async function keys(visit: Visit): Promise<Response> {
  const place = "Keys";
  const view = await freshView(visit.isolate, visit.background);
  if (view instanceof Response) {
    const problem = new Problem(view.status, (await view.json()) as Partial<Problem>);
    return render(visit, { title: "Keys", place, status: view.status }, <Trouble problem={problem} />);
  }
  const name = visit.query.pool;
  const none = view.pools.length === 0;
  const pool = name === undefined ? view.pools[0] : view.pools.find((one) => one.pool.name === name);
  const from = /^[0-9]{1,6}$/.test(visit.query.from ?? "") ? Number(visit.query.from) : 0;
  const all = pool === undefined ? [] : keySpread(pool).sort((a, b) => b.now - a.now);
  const shown = all.slice(from, from + SHOWN);
  const at = (position: number) => `${AT}/keys${query({ pool: pool?.pool.name, from: position })}`;
  return render(
    visit,
    { title: "Keys", place, ...(pool === undefined && !none ? { status: 404 } : {}) },
    <>
      <h1>Keys over pods</h1>
      <form class="fields" action={`${AT}/keys`}>
        <div>
          <label for="pool">Pool</label>
          <input id="pool" name="pool" list="names" value={pool?.pool.name ?? name} />
          <datalist id="names">
            {view.pools.slice(0, 200).map(({ pool: { name: other } }) => (
              <option value={other} />
            ))}
          </datalist>
        </div>
        <button type="submit">Show</button>
      </form>
      {none ? (
        <p class="faint">The config has no pools.</p>
      ) : pool === undefined ? (
        <p class="trouble" role="alert">
          The config has no such pool.
        </p>
      ) : (
        <Live id="keys">
          <Spread pool={pool.pool.name} pods={shown} most={all[0]?.now ?? 0} />
        </Live>
      )}
      <p class="faint">
        A new session of a key goes where the hash table of the pool has it, and so does one that must leave
        its pod, whatever the policy is. Bound sessions stay where they are.
      </p>
      <Pager
        of="pods"
        first={from === 0 ? undefined : at(0)}
        next={from + SHOWN < all.length ? at(from + SHOWN) : undefined}
      />
    </>,
  );
}

function Spread({ pool, pods, most }: { pool: string; pods: readonly PodKeys[]; most: number }) {
  return (
    <Table
      columns={[
        "Pod",
        "State",
        ...["By weight", "In the table", "Now"].map(number),
        { name: "Now, as a bar", is: "quiet" },
      ]}
      rows={pods.map(({ pod, state, due, owned, now }) => [
        <a href={podPage(pool, pod)}>{cut(pod)}</a>,
        <State state={state} />,
        percent(due),
        percent(owned),
        <b>{percent(now)}</b>,
        <Share share={most === 0 ? 0 : now / most} />,
      ])}
    />
  );
}
