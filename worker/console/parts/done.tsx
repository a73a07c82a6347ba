import { seeOther } from "../access.ts";
import { type Problem, query } from "../api.ts";
import type { Place } from "../layout.tsx";
import { render, type Visit } from "../visit.tsx";
import { Trouble } from "./bits.tsx";

/** What was done, as a query may say it: words of ours, so that no link can have the console say anything else. */
const WORDS = {
  draining: "The pod drains: it takes no new sessions, and keeps its own until the deadline.",
  ready: "The pod is let in again.",
  disabled: "The pod is out: its sessions move with their next request.",
  moved: "The session has been moved.",
  revoked: "The session has been revoked: its next request begins a new one.",
  applied: "The config is in force.",
} as const;
export type Deed = keyof typeof WORDS;

/** Says what a form came to on the page that it led to. */
export function Done({ visit }: { visit: Visit }) {
  const { done = "" } = visit.query;
  if (!Object.hasOwn(WORDS, done)) return null;
  return (
    <p class="done" role="status">
      {WORDS[done as Deed]}
    </p>
  );
}

/** On to the page that shows what was done. */
export function doneAt(
  page: string,
  done: Deed,
  more: Readonly<Record<string, string | number>> = {},
): Response {
  return seeOther(page + query({ done, ...more }));
}

/** Why it was not done. */
export function notDone(visit: Visit, place: Place, back: string, problem: Problem): Response {
  return render(
    visit,
    { title: problem.title, place, status: problem.status },
    <>
      <h1>Nothing was changed</h1>
      <Trouble problem={problem} />
      <p>
        <a href={back}>Back</a>
      </p>
    </>,
  );
}
