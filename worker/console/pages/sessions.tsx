import type { SessionView } from "../../admin/session-view.ts";
import { seeOther } from "../access.ts";
import { Problem, query } from "../api.ts";
import { cut } from "../format.ts";
import { Act, Live, Pager, Time, Trouble } from "../parts/bits.tsx";
import { PodLink, Sid } from "../parts/breaks.tsx";
import { Done } from "../parts/done.tsx";
import { number, Table } from "../parts/table.tsx";
import { AT, sessionPage } from "../places.ts";
import { can, render, type Visit } from "../visit.tsx";

/** Sessions on a page. */
const SHOWN = 50;

/** The live sessions, of all pods, of a pool's or of one; a page of them at a time. */
export async function sessions(visit: Visit): Promise<Response> {
  const { pool, pod, cursor } = visit.query;
  const sid = (visit.query.sid ?? "").trim().toLowerCase();
  if (sid !== "") return seeOther(sessionPage(sid));
  const list = await visit.api.get<{ sessions: SessionView[]; cursor: string | null }>(
    `/sessions${query({ pool, pod, limit: SHOWN, cursor })}`,
  );
  return render(
    visit,
    { title: "Sessions", place: "Sessions", ...(list instanceof Problem ? { status: list.status } : {}) },
    <>
      <h1>Sessions</h1>
      <Done visit={visit} />
      <form class="fields panel" action={`${AT}/sessions`}>
        <div class="wide">
          <label for="sid">Session by its id</label>
          <input id="sid" name="sid" placeholder="32 hex digits" autocomplete="off" spellcheck={false} />
        </div>
        <div>
          <label for="pool">Pool</label>
          <input id="pool" name="pool" value={pool ?? ""} autocomplete="off" />
        </div>
        <div>
          <label for="pod">Pod</label>
          <input id="pod" name="pod" value={pod ?? ""} autocomplete="off" />
        </div>
        <button type="submit">Search</button>
      </form>
      <Live id="sessions">
        {list instanceof Problem ? (
          <Trouble problem={list} />
        ) : (
          <SessionTable list={list.sessions} visit={visit} />
        )}
      </Live>
      {!(list instanceof Problem) && (
        <Pager
          of="sessions"
          first={cursor === undefined ? undefined : `${AT}/sessions${query({ pool, pod })}`}
          next={
            list.cursor === null ? undefined : `${AT}/sessions${query({ pool, pod, cursor: list.cursor })}`
          }
        />
      )}
    </>,
  );
}

function SessionTable({ list, visit }: { list: readonly SessionView[]; visit: Visit }) {
  if (list.length === 0) return <p class="faint">No live session is listed here.</p>;
  const { now } = visit;
  return (
    <Table
      columns={[
        "Session",
        "Pool",
        "Pod",
        number("Epoch"),
        "Began",
        "Seen",
        "Ends unless seen",
        { name: "What to do with it", is: "quiet" },
      ]}
      keys={list.map(({ sid }) => sid)}
      rows={list.map(({ sid, pool, pod, home, epoch, created, seen, expires }) => [
        <Sid sid={sid} />,
        cut(pool),
        <>
          <PodLink pool={pool} pod={pod} />
          {home !== pod && home !== "" && <small>home {cut(home)}</small>}
        </>,
        epoch,
        <Time at={created} now={now} />,
        <Time at={seen} now={now} />,
        <Time at={expires} now={now} />,
        can(visit, "write") && (
          <div class="acts">
            <a href={sessionPage(sid)} aria-label={`Move session ${sid.slice(0, 8)}`}>
              Move
            </a>
            <Act
              action={`${sessionPage(sid)}/revoke`}
              label="Revoke"
              to={`session ${sid.slice(0, 8)}`}
              tone="danger"
            />
          </div>
        ),
      ])}
    />
  );
}
