import type { Advice } from "../../../src/doctor/advice.ts";
import { count, cut, known, latency, rate } from "../format.ts";
import { poolPage } from "../places.ts";
import { number, Table } from "./table.tsx";

/** Pools at most, those that need most first. */
const SHOWN = 50;

/** The evidence of advice on sizes (src/doctor/advice.ts). */
interface Size {
  readonly pool: string;
  readonly requestsPerSecond: number;
  readonly meanSeconds: number;
  readonly connections: number;
  readonly connectionsAtPeak: number;
  readonly pods: number;
  readonly perPod: number | null;
  readonly measuredInFlight: number;
}

/** How many connections each pool needs, by Little's law; and what else is worth knowing though nothing is wrong. */
export function Sizing({ advice }: { advice: readonly Advice[] }) {
  const sizes = advice
    .flatMap(({ id, evidence }) => (id === "sizing" ? [evidence as unknown as Size] : []))
    .sort((a, b) => b.connectionsAtPeak - a.connectionsAtPeak);
  const others = advice.filter(({ id }) => id !== "sizing");
  return (
    <>
      <h2>Connections that pools need</h2>
      {sizes.length === 0 ? (
        <p class="faint">No pool had requests in the last minute: there is nothing to go by.</p>
      ) : (
        <Table
          columns={["Pool", ...COLUMNS.map(number)]}
          rows={sizes
            .slice(0, SHOWN)
            .map((size) => [
              <a href={poolPage(size.pool)}>{cut(size.pool)}</a>,
              `${rate(size.requestsPerSecond)}/s`,
              latency(1000 * size.meanSeconds),
              size.connections,
              <b>{count(size.connectionsAtPeak)}</b>,
              count(size.pods),
              known(size.perPod),
              size.measuredInFlight,
            ])}
        />
      )}
      {sizes.length > SHOWN && (
        <p class="faint">And {count(sizes.length - SHOWN)} pools that need fewer; the API lists all.</p>
      )}
      <p class="faint">
        Connections = requests a second × seconds of each (Little's law); at a peak + 3·√ of them, which is
        passed a thousandth of the time. The time ends with a response's headers: add that of long bodies.
      </p>
      {others.slice(0, SHOWN).map(({ title, text }) => (
        <div class="nested">
          <h3>{cut(title, 200)}</h3>
          <p>{cut(text, 1000)}</p>
        </div>
      ))}
      {others.length > SHOWN && <p class="faint">And {count(others.length - SHOWN)} pools more.</p>}
    </>
  );
}

const COLUMNS = ["Requests", "Mean time", "Connections", "At a peak", "Pods", "Each pod", "In flight now"];
