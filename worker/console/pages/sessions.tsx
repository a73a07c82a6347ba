import type { SessionView } from "../../admin/session-view.ts";
import { seeOther } from "../access.ts";
import { Problem, query } from "../api.ts";
import { Act, Live, Pager, Time, Trouble } from "../parts/bits.tsx";
import { PodLink, Sid } from "../parts/breaks.tsx";
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
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">Session</th>
          <th scope="col">Pool</th>
          <th scope="col">Pod</th>
          <th scope="col" class="number">
            Epoch
          </th>
          <th scope="col">Began</th>
          <th scope="col">Seen</th>
          <th scope="col">Ends unless seen</th>
          <th scope="col">
            <span class="unseen">What to do with it</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {list.map(({ sid, pool, pod, home, epoch, created, seen, expires }) => (
          <tr>
            <td data-name="Session">
              <Sid sid={sid} />
            </td>
            <td data-name="Pool">{pool}</td>
            <td data-name="Pod">
              <PodLink pool={pool} pod={pod} />
              {home !== pod && home !== "" && <small>home {home}</small>}
            </td>
            <td data-name="Epoch" class="number">
              {epoch}
            </td>
            <td data-name="Began">
              <Time at={created} now={now} />
            </td>
            <td data-name="Seen">
              <Time at={seen} now={now} />
            </td>
            <td data-name="Ends unless seen">
              <Time at={expires} now={now} />
            </td>
            <td>
              <div class="acts">
                <a href={sessionPage(sid)} aria-label={`Move session ${sid.slice(0, 8)}`}>
                  Move
                </a>
                {can(visit, "write") && (
                  <Act
                    action={`${sessionPage(sid)}/revoke`}
                    label="Revoke"
                    to={`session ${sid.slice(0, 8)}`}
                    tone="danger"
                  />
                )}
              </div>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
