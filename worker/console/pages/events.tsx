import { KINDS, type KindName } from "../../../src/events/catalog.ts";
import type { EventRecord } from "../../../src/events/record.ts";
import type { AuditEntry } from "../../coordinator/audit.ts";
import { Problem, query } from "../api.ts";
import { cut } from "../format.ts";
import { Live, Pager, Time, Trouble } from "../parts/bits.tsx";
import { Table } from "../parts/table.tsx";
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
          <code>{wordsOf(keysOf(kind), rest)}</code>
        </li>
      ))}
    </ul>
  );
}

/** The keys that a kind has, in their order. */
function keysOf(kind: string): readonly string[] {
  return Object.hasOwn(KINDS, kind) ? KINDS[kind as KindName].keys : [];
}

/** Pairs as a line in the log has them; ids of sessions and moments in short. */
function wordsOf(keys: readonly string[], fields: Readonly<Record<string, unknown>>): string {
  const pairs = keys.flatMap((key) => {
    const value = fields[key];
    if (value === null || value === undefined || value === "") return [];
    return [`${key}=${wordOf(key, value)}`];
  });
  return pairs.join(" ");
}

function wordOf(key: string, value: unknown): string {
  if (key === "sid") return String(value).slice(0, 8);
  if (key === "deadline" && typeof value === "number") return new Date(value).toISOString().slice(0, 19);
  if (typeof value === "number") return String(Math.round(value * 1000) / 1000);
  return cut(typeof value === "object" ? JSON.stringify(value) : String(value), 200);
}

/** A path of the API below what all have; ids of sessions in short. */
function callOf(path: string): string {
  return cut(
    path.replace("/_mooring/v1", "").replace(/[0-9a-f]{32}/, (sid) => `${sid.slice(0, 8)}…`),
    120,
  );
}

function Changes({ entries, now }: { entries: readonly AuditEntry[]; now: number }) {
  if (entries.length === 0) return <p class="faint">Nobody has changed anything yet.</p>;
  return (
    <Table
      columns={["When", "Who", "What", "Answer"]}
      rows={entries.map(({ at, who, client, method, path, status, change }) => [
        <Time at={at} now={now} />,
        <span class="word" title={client}>
          {cut(who)}
        </span>,
        <>
          <code>
            {method} {callOf(path)}
          </code>
          <small>{wordsOf(Object.keys(change), change)}</small>
        </>,
        <span class={`pill ${status === null ? "wait" : status < 400 ? "good" : "bad"}`}>
          {status ?? "cut short"}
        </span>,
      ])}
    />
  );
}
