import type { Child } from "hono/jsx";
import type { Evidence as Figures } from "../../../src/doctor/finding.ts";
import { count, cut, percent } from "../format.ts";
import { poolPage } from "../places.ts";
import { PodLink, Sid } from "./breaks.tsx";

/** Entries of one list at most: checks tell of no more than twenty pods. */
const SHOWN = 20;
/** Whose entries are pods by their ids; others are of isolates, causes, statuses and keys. */
const OF_PODS = ["pods", "turns", "heartbeatsThatTold"];

/** What a finding rests on, a row for each figure; pools, pods and sessions lead to their pages. */
export function Evidence({ of, about }: { of: Figures; about: string }) {
  const pool = typeof of.pool === "string" ? of.pool : "";
  return (
    <table class="evidence" aria-label={`Evidence: ${about}`}>
      <tbody>
        {Object.entries(of).map(([name, value]) => (
          <tr>
            <th scope="row">{cut(wordsOf(name))}</th>
            <td>
              <Value name={name} value={value} pool={pool} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** `shareOfOneAddress` in words; `answered5xx` is two of them. */
function wordsOf(name: string): string {
  return name.replace(/(?<=[a-z])(?=[A-Z0-9])|(?<=[0-9])(?=[A-Z])/g, " ").toLowerCase();
}

function Value({ name, value, pool }: { name: string; value: unknown; pool: string }) {
  if (typeof value === "object" && value !== null) return <Entries name={name} of={value} pool={pool} />;
  if (typeof value === "number") return <>{figure(name, value)}</>;
  if (value === null || value === undefined || value === "") return <span class="faint">–</span>;
  if (typeof value === "boolean") return <>{value ? "yes" : "no"}</>;
  const text = String(value);
  if (name === "pool") return <a href={poolPage(text)}>{cut(text)}</a>;
  if (name === "pod") return <PodLink pool={pool} pod={text} />;
  if (name === "session") return <Sid sid={text} />;
  return <>{cut(text, 200)}</>;
}

/** A list of names, or of names with a value each. */
function Entries({ name, of, pool }: { name: string; of: object; pool: string }) {
  const entries: (readonly [string, unknown])[] = Array.isArray(of)
    ? of.map((one) => [String(one), undefined])
    : Object.entries(of);
  const label = (key: string): Child =>
    OF_PODS.includes(name) ? <PodLink pool={pool} pod={key} /> : cut(key);
  if (entries.length === 0) return <span class="faint">none</span>;
  return (
    <ul class="entries">
      {entries.slice(0, SHOWN).map(([key, value]) => (
        <li>
          {label(key)}
          {value !== undefined && <> {typeof value === "number" ? figure(key, value) : cut(String(value))}</>}
        </li>
      ))}
      {entries.length > SHOWN && <li class="faint">and {count(entries.length - SHOWN)} more</li>}
    </ul>
  );
}

/** Shares as such, whole numbers in groups, and others as checks have rounded them. */
function figure(name: string, value: number): string {
  if (name.startsWith("share") || name === "surelyAbove") return percent(value);
  return Number.isInteger(value) && value >= 0 ? count(value) : String(value);
}
