import { KINDS, type KindName } from "../../../src/events/catalog.ts";
import type { EventRecord } from "../../../src/events/record.ts";
import type { AuditEntry } from "../../coordinator/audit.ts";
import { Problem, query } from "../api.ts";
import { cut } from "../format.ts";
import { Live, Pager, Time, Trouble } from "../parts/bits.tsx";
import { AT } from "../places.ts";
import { render, type Visit } from "../visit.tsx";

type EventRow = EventRecord & { readonly id: number; readonly at: number; readonly kind: string };

/** Events on a page. */
const SHOWN = 60;

/** What happened last, and what somebody has changed: the newest first. */
export async function events(visit: Visit): Promise<Response> {
  const { now, api } = visit;
  const { cursor } = visit.query;
  const [list, audit] = await Promise.all([
    api.get<{ events: EventRow[]; cursor: string | null }>(`/events${query({ limit: SHOWN, cursor })}`),
    api.get<{ entries: AuditEntry[] }>("/audit?limit=30"),
  ]);
  return render(
    visit,
    { title: "Events", place: "Events" },
    <>
      <h1>Events</h1>
      <div class="columns">
        <Live id="events">
          <h2>What happens</h2>
          {list instanceof Problem ? <Trouble problem={list} /> : <Happened list={list.events} now={now} />}
        </Live>
        <Live id="audit">
          <h2>Who changed what</h2>
          {audit instanceof Problem ? (
            <Trouble problem={audit} />
          ) : (
            <Changes entries={audit.entries} now={now} />
          )}
        </Live>
      </div>
      {!(list instanceof Problem) && (
        <Pager
          of="events"
          first={cursor === undefined ? undefined : `${AT}/events`}
          next={list.cursor === null ? undefined : `${AT}/events${query({ cursor: list.cursor })}`}
        />
      )}
    </>,
  );
}

const TONES = { I: "good", W: "wait", E: "bad" } as const;

function Happened({ list, now }: { list: readonly EventRow[]; now: number }) {
  if (list.length === 0) return <p class="faint">Nothing has happened yet.</p>;
  return (
    <ul class="log">
      {list.map(({ at, kind, message, severity, ...rest }) => (
        <li>
          <Time at={at} now={now} />
          <span>
            <span class={`dot ${TONES[severity as "I"] ?? "wait"}`} />
            {cut(String(message))}
          </span>
          <code>{wordsOf(kind, rest)}</code>
        </li>
      ))}
    </ul>
  );
}

/** The pairs that the kind has, as its line in the log has them; ids of sessions in short. */
function wordsOf(kind: string, fields: Readonly<Record<string, unknown>>): string {
  const keys: readonly string[] = Object.hasOwn(KINDS, kind) ? KINDS[kind as KindName].keys : [];
  const pairs = keys.flatMap((key) => {
    const value = fields[key];
    if (value === null || value === undefined || value === "") return [];
    return [`${key}=${cut(String(value), key === "sid" ? 9 : 200)}`];
  });
  return pairs.join(" ");
}

function Changes({ entries, now }: { entries: readonly AuditEntry[]; now: number }) {
  if (entries.length === 0) return <p class="faint">Nobody has changed anything yet.</p>;
  return (
    <table class="stack">
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">Who</th>
          <th scope="col">What</th>
          <th scope="col">Answer</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(({ at, who, client, method, path, status, change }) => (
          <tr>
            <td data-name="When">
              <Time at={at} now={now} />
            </td>
            <td data-name="Who">
              {who} <small>{cut(client)}</small>
            </td>
            <td data-name="What">
              <code>
                {method} {cut(path.replace("/_mooring/v1", ""), 120)}
              </code>
              <small>{cut(JSON.stringify(change), 200)}</small>
            </td>
            <td data-name="Answer">
              <span class={`pill ${status === null ? "wait" : status < 400 ? "good" : "bad"}`}>
                {status ?? "cut short"}
              </span>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
