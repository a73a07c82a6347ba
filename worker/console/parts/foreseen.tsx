import type { Move } from "../../../src/plan/plan.ts";
import { count, cut, percent, some } from "../format.ts";
import type { PlanView } from "../pages/plan.tsx";
import { Stat } from "./bits.tsx";
import { Cause, Sid } from "./breaks.tsx";
import { number, Table } from "./table.tsx";

/** Rows of each table at most. */
const SHOWN = 50;

/** What a config would do: how many move, from which pods, where to and why. */
export function Foreseen({ made }: { made: PlanView }) {
  const { summary, keys, routes, notices, moves } = made;
  const { moved, ended, kept, down, total, exact, error } = summary;
  const about = exact ? "exact" : `± ${count(error)}`;
  return (
    <section id="plan" class="panel" aria-label="Plan">
      <h2>
        {moved === 0
          ? "Nobody would move"
          : `${count(moved)} of ${count(total)} sessions would leave their pod`}
      </h2>
      <dl class="stats">
        <Stat name="Leave their pod" value={count(moved)} note={about} />
        <Stat name="End, of these" value={count(ended)} />
        <Stat name="Stay" value={count(kept)} />
        <Stat name="Would be refused" value={count(down)} />
        <Stat name="Keys that move" value={percent(keys.moved)} note={`± ${percent(keys.error)}`} />
      </dl>
      <Flows moves={moves} />
      <Balance made={made} />
      {routes.length > 0 && (
        <details>
          <summary>{some(routes.length, "changed route")}</summary>
          <ul>
            {routes.slice(0, SHOWN).map((route) => (
              <li>
                <code>{cut(JSON.stringify(route), 300)}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
      {notices.length > 0 && (
        <details open>
          <summary>{some(notices.length, "notice")}</summary>
          <ul>
            {notices.slice(0, SHOWN).map(({ object, path, message }) => (
              <li>
                <code>{cut([object, path].filter(Boolean).join(" "), 200)}</code> {cut(message, 500)}
              </li>
            ))}
          </ul>
        </details>
      )}
      {moves.length > 0 && (
        <details>
          <summary>The sessions, one by one</summary>
          <ul class="sids">
            {moves.slice(0, 10 * SHOWN).map(({ sid }) => (
              <li>
                <Sid sid={sid} />
              </li>
            ))}
          </ul>
          {moves.length > 10 * SHOWN && <p class="faint">The first {10 * SHOWN}; the API lists all.</p>}
        </details>
      )}
    </section>
  );
}

/** The moves by pod and cause, those of the most sessions first. */
function Flows({ moves }: { moves: readonly Move[] }) {
  if (moves.length === 0) return null;
  const flows = new Map<string, { move: Move; sessions: number }>();
  for (const move of moves) {
    const key = JSON.stringify([move.pool, move.from, move.toPool, move.to, move.cause, move.anyway]);
    const flow = flows.get(key) ?? { move, sessions: 0 };
    flow.sessions++;
    flows.set(key, flow);
  }
  const rows = [...flows.values()].sort((a, b) => b.sessions - a.sessions);
  return (
    <Table
      caption="By pod and cause"
      columns={["From", "To", "Cause", number("Sessions")]}
      rows={rows.slice(0, SHOWN).map(({ move: { pool, from, to, toPool, cause, anyway }, sessions }) => [
        <>
          {cut(from)} <span class="faint">{cut(pool)}</span>
        </>,
        <>
          {to === "" ? "ends" : cut(to)} <span class="faint">{cut(toPool ?? "")}</span>
        </>,
        <>
          <Cause cause={cause} />
          {anyway && <small>it would anyway</small>}
        </>,
        count(sessions),
      ])}
    />
  );
}

function Balance({ made }: { made: PlanView }) {
  const rows = made.balance.filter(({ before, after }) => before?.sessions !== after?.sessions);
  if (rows.length === 0) return null;
  const cell = (load: { sessions: number } | null) => (load === null ? "–" : count(load.sessions));
  return (
    <Table
      caption="Sessions of the pods that change"
      columns={["Pod", "Pool", ...["Now", "Then", "Share then"].map(number)]}
      rows={rows
        .slice(0, SHOWN)
        .map(({ pool, pod, before, after }) => [
          cut(pod),
          cut(pool),
          cell(before),
          cell(after),
          after === null ? "–" : percent(after.share),
        ])}
    />
  );
}
