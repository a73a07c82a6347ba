import type { Child } from "hono/jsx";

/** A column by its name; `number` stands to the right, `quiet` is for who cannot see what its cells are. */
export type Column = string | { readonly name: string; readonly is: "number" | "quiet" };

export const number = (name: string): Column => ({ name, is: "number" });

/** Rows under their columns; on a phone each row is a card, where each cell says of which column it is. */
export function Table({
  columns,
  rows,
  caption,
  keys,
}: {
  columns: readonly Column[];
  rows: readonly (readonly Child[])[];
  caption?: string;
  /** What each row is of, where rows have buttons and come and go. */
  keys?: readonly string[];
}) {
  const heads = columns.map((column) => (typeof column === "string" ? { name: column, is: "" } : column));
  return (
    <table class="stack">
      {caption !== undefined && <caption>{caption}</caption>}
      <thead>
        <tr>
          {heads.map(({ name, is }) => (
            <th scope="col" class={is}>
              {is === "quiet" ? <span class="unseen">{name}</span> : name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((cells, row) => (
          <tr {...(keys === undefined ? {} : { "data-key": keys[row] })}>
            {cells.map((cell, i) => (
              <td data-name={heads[i]!.is === "quiet" ? "" : heads[i]!.name} class={heads[i]!.is}>
                {cell}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
