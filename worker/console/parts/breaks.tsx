import type { Cause as CauseName } from "../../../src/model/binding.ts";
import { cut } from "../format.ts";
import { podPage, sessionPage } from "../places.ts";
import { Time } from "./bits.tsx";
import { Table } from "./table.tsx";

/** A line of the ledger, as the API gives it. */
export interface BreakRow {
  readonly at: number;
  readonly sid: string;
  readonly pool: string;
  readonly from: string;
  readonly to: string;
  readonly cause: CauseName;
}

export function Sid({ sid }: { sid: string }) {
  return (
    <a class="sid" href={sessionPage(sid)} title={sid}>
      <span class="unseen">Session </span>
      {sid.slice(0, 8)}
    </a>
  );
}

export function Cause({ cause }: { cause: string }) {
  return (
    <span class="cause">
      <svg class="swatch" viewBox="0 0 10 10" aria-hidden="true">
        <rect class={`k-${cause}`} width="10" height="10" rx="2" />
      </svg>
      {cause}
    </span>
  );
}

/** A pod by its id; of one that nobody remembers there is none. */
export function PodLink({ pool, pod }: { pool: string; pod: string }) {
  if (pod === "") return <span class="faint">–</span>;
  return pool === "" ? <span>{cut(pod)}</span> : <a href={podPage(pool, pod)}>{cut(pod)}</a>;
}

/** Why sessions left their pods, the newest first. */
export function BreakList({
  breaks,
  now,
  none = "No session has ever left its pod.",
}: {
  breaks: readonly BreakRow[];
  now: number;
  none?: string;
}) {
  if (breaks.length === 0) return <p class="faint">{none}</p>;
  return (
    <Table
      columns={["When", "Session", "Cause", "From", "To"]}
      rows={breaks.map(({ at, sid, pool, from, to, cause }) => [
        <Time at={at} now={now} />,
        <Sid sid={sid} />,
        <Cause cause={cause} />,
        <PodLink pool={pool} pod={from} />,
        to === "" ? "ended" : <PodLink pool={pool} pod={to} />,
      ])}
    />
  );
}
