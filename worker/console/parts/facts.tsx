import { cut } from "../format.ts";
import { Table } from "./table.tsx";

type Row = Readonly<Record<string, unknown>>;

/** Rows of a list at most. */
const SHOWN = 100;

/** Names and values that have no form of their own: lists of likes as tables, whatever is in them in turn below its name. */
export function Facts({ of }: { of: Row }) {
  const entries = Object.entries(of);
  const plain = entries.filter(([, value]) => !isNested(value));
  return (
    <>
      {plain.length > 0 && (
        <dl class="facts">
          {plain.map(([name, value]) => (
            <div>
              <dt>{cut(name)}</dt>
              <dd>{wordOf(value)}</dd>
            </div>
          ))}
        </dl>
      )}
      {entries.map(([name, value]) => isNested(value) && <Nested name={name} value={value} />)}
    </>
  );
}

function Nested({ name, value }: { name: string; value: Row | readonly Row[] }) {
  const rows = (Array.isArray(value) ? value : [value]) as readonly Row[];
  const flat = rows.every((row) => Object.values(row).every((one) => !isNested(one)));
  return (
    <div class="nested">
      <h4>{cut(name)}</h4>
      {flat ? <Rows rows={rows.slice(0, SHOWN)} /> : rows.slice(0, SHOWN).map((row) => <Facts of={row} />)}
      {rows.length > SHOWN && <p class="faint">And {rows.length - SHOWN} more.</p>}
    </div>
  );
}

function Rows({ rows }: { rows: readonly Row[] }) {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return (
    <Table
      columns={names.map((name) => cut(name))}
      rows={rows.map((row) => names.map((name) => wordOf(row[name])))}
    />
  );
}

/** Whether there is more in it than a line can say. */
function isNested(value: unknown): value is Row | readonly Row[] {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value) ? value.some((one) => typeof one === "object" && one !== null) : true;
}

function wordOf(value: unknown) {
  if (value === null || value === undefined) return <span class="faint">–</span>;
  if (typeof value === "boolean") return value ? "yes" : "no";
  return cut(Array.isArray(value) ? value.join(", ") : String(value), 500);
}
