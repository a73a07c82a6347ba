import { RULES, type RuleName } from "../../../src/metrics/rules.ts";
import { Problem } from "../api.ts";
import { cut, percent } from "../format.ts";
import { Live, Time, Trouble } from "../parts/bits.tsx";
import { Facts } from "../parts/facts.tsx";
import { number, Table } from "../parts/table.tsx";
import { poolPage } from "../places.ts";
import { render, type Visit } from "../visit.tsx";

/** As GET /alerts gives them. */
export interface AlertList {
  readonly rules: readonly {
    readonly name: RuleName;
    readonly state: "inactive" | "pending" | "firing";
    /** Empty: all pools together. */
    readonly pool: string;
    readonly value: number;
    readonly threshold: number;
    readonly since: number;
  }[];
  readonly webhook?: Readonly<Record<string, unknown>>;
}

/** The rules as they are, and whether anybody is told. */
export async function alerts(visit: Visit): Promise<Response> {
  const list = await visit.api.get<AlertList>("/alerts");
  return render(
    visit,
    { title: "Alerts", place: "Alerts", ...(list instanceof Problem ? { status: list.status } : {}) },
    <>
      <h1>Alerts</h1>
      <Live id="alerts">
        {list instanceof Problem ? <Trouble problem={list} /> : <AlertTable list={list} now={visit.now} />}
      </Live>
      {!(list instanceof Problem) && (
        <Live id="webhook">
          <h2>Webhook</h2>
          <Facts of={list.webhook ?? {}} />
          <p class="faint">MOORING_ALERT_WEBHOOK names who is told when a rule fires, and when it is over.</p>
        </Live>
      )}
    </>,
  );
}

const TONES = { inactive: "good", pending: "wait", firing: "bad" } as const;

export function AlertTable({ list, now }: { list: AlertList; now: number }) {
  return (
    <Table
      columns={["Rule", "State", number("Value"), number("Fires above"), "Pool", "Since"]}
      rows={list.rules.map(({ name, state, pool, value, threshold, since }) => [
        <>
          <b>{name}</b>
          <small>{RULES[name]?.summary}</small>
        </>,
        <span class={`pill ${TONES[state]}`}>{state}</span>,
        percent(value),
        percent(threshold),
        state === "inactive" ? (
          <span class="faint">–</span>
        ) : pool === "" ? (
          "all together"
        ) : (
          <a href={poolPage(pool)}>{cut(pool)}</a>
        ),
        <Time at={since} now={now} />,
      ])}
    />
  );
}
