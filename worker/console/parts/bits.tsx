import type { Child } from "hono/jsx";
import { isPodState, STATES } from "../../../src/health/state.ts";
import type { Problem } from "../api.ts";
import { cut, length } from "../format.ts";

/** A moment by how long ago it was, or how long it is until then. Milliseconds since the epoch. */
export function Time({ at, now }: { at: number | null; now: number }) {
  if (at === null || at === 0) return <span class="faint">–</span>;
  const iso = new Date(at).toISOString();
  return (
    <time datetime={iso} title={iso}>
      {at <= now ? `${length(now - at)} ago` : `in ${length(at - now)}`}
    </time>
  );
}

/** What a state means for sessions: it takes new ones, it keeps those that it has, or neither. */
export function toneOf(state: string): "good" | "wait" | "bad" {
  if (!isPodState(state)) return "wait";
  const { admit, keep } = STATES[state];
  return admit ? "good" : keep ? "wait" : "bad";
}

export function State({ state }: { state: string }) {
  return <span class={`pill ${toneOf(state)}`}>{state}</span>;
}

/** One figure with its name, what else there is to say of it, and the page that says it. */
export function Stat({
  name,
  value,
  note = "",
  page,
}: {
  name: string;
  value: string;
  note?: string;
  page?: string;
}) {
  return (
    <div class="stat">
      <dt>{page === undefined ? name : <a href={page}>{name}</a>}</dt>
      <dd>
        <b>{value}</b>
        <small>{note}</small>
      </dd>
    </div>
  );
}

/** Why something is not shown, or was not done. */
export function Trouble({ problem, head }: { problem: Problem; head?: string }) {
  return (
    <div class="trouble" role="alert">
      <strong>{head ?? problem.title}</strong>
      <p>{problem.detail}</p>
      {problem.errors.length > 0 && (
        <ul>
          {problem.errors.slice(0, 100).map(({ path, message, hint }) => (
            <li>
              <code>{cut(path, 200)}</code> {cut(message, 500)} <span class="faint">{cut(hint, 500)}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** To the next part of a list, and back to its beginning. */
export function Pager({
  first,
  next,
  of,
}: {
  first: string | undefined;
  next: string | undefined;
  of: string;
}) {
  if (first === undefined && next === undefined) return null;
  return (
    <nav class="pager" aria-label={`Pages of ${of}`}>
      {first !== undefined && <a href={first}>First page</a>}
      {next !== undefined && (
        <a href={next} rel="next">
          Next page
        </a>
      )}
    </nav>
  );
}

/** A part of a page that is kept up to date: its id is how the script finds it again. */
export function Live({ id, children, class: name }: { id: string; children?: Child; class?: string }) {
  return (
    <section id={id} data-live="" class={name ?? "panel"}>
      {children}
    </section>
  );
}

/** A form that does one thing. */
export function Act(props: {
  action: string;
  label: string;
  /** What it is done to, for who hears the button alone. */
  to: string;
  tone?: "danger";
  children?: Child;
}) {
  return (
    <form method="post" action={props.action} class="act">
      {props.children}
      <button type="submit" class={props.tone ?? ""} aria-label={`${props.label} ${props.to}`}>
        {props.label}
      </button>
    </form>
  );
}
