import type { Notice } from "../../../src/config/notice.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { Problem } from "../api.ts";
import { Trouble } from "../parts/bits.tsx";
import { Done, doneAt } from "../parts/done.tsx";
import { Foreseen } from "../parts/foreseen.tsx";
import { AT } from "../places.ts";
import { can, render, type Visit } from "../visit.tsx";

/** As POST /plan answers. */
export type PlanView = Plan & { readonly revision: number };

const PLACE = `${AT}/plan`;

/** Where a config is pasted: nothing, or the one in force to begin with. */
export async function plan(visit: Visit): Promise<Response> {
  if (visit.query.from !== "config") return show(visit, {});
  const current = await visit.api.get<{ config: object }>("/config");
  return current instanceof Problem
    ? show(visit, { problem: current })
    : show(visit, { text: JSON.stringify(current.config, null, 2) });
}

/** Who would move, before anything does. */
export async function foresee(visit: Visit, form: URLSearchParams): Promise<Response> {
  const text = form.get("config") ?? "";
  const made = await visit.api.config<PlanView>("POST", "/plan", text);
  return show(visit, made instanceof Problem ? { text, problem: made } : { text, made });
}

/** Puts into force what was planned, on the revision that it was planned on: what came between is not written over. */
export async function apply(visit: Visit, form: URLSearchParams): Promise<Response> {
  const text = form.get("config") ?? "";
  const revision = form.get("revision") ?? "";
  const condition = revision === "0" ? { "if-none-match": "*" } : { "if-match": `"${revision}"` };
  const written = await visit.api.config<{ revision: number; notices: Notice[] }>(
    "PUT",
    "/config",
    text,
    /^[0-9]{1,15}$/.test(revision) ? condition : {},
  );
  if (!(written instanceof Problem)) return doneAt(PLACE, "applied", { revision: written.revision });
  if (written.status !== 412) return show(visit, { text, problem: written });
  const title = "Another config came between";
  const detail = "Nothing was changed. Plan again: who would move may be others now.";
  return show(visit, { text, problem: new Problem(412, { title, detail }) });
}

interface Shown {
  readonly text?: string;
  readonly problem?: Problem;
  readonly made?: PlanView;
}

function show(visit: Visit, { text, problem, made }: Shown): Response {
  const { revision } = visit.query;
  const applied = visit.query.done === "applied" && /^[0-9]{1,15}$/.test(revision ?? "");
  return render(
    visit,
    { title: "Plan", place: "Plan", status: problem?.status ?? 200 },
    <>
      <h1>Plan a config</h1>
      <Done visit={visit} />
      {applied && <p>It is revision {revision}.</p>}
      {problem !== undefined && <Trouble problem={problem} />}
      {made !== undefined && <Foreseen made={made} />}
      {(made !== undefined || problem?.code === "no-config") && can(visit, "write") && (
        <form method="post" action={`${PLACE}/apply`} class="acts panel">
          <input type="hidden" name="revision" value={String(made?.revision ?? 0)} />
          <input type="hidden" name="config" value={text ?? ""} />
          <button type="submit" class="main">
            Apply
          </button>
          <span class="faint">
            {made === undefined
              ? "It becomes the first revision."
              : `It replaces revision ${made.revision}, unless another one has come by then.`}
          </span>
        </form>
      )}
      <form method="post" action={PLACE} class="panel login">
        <label for="config">
          The whole config: native, or Kubernetes objects as they are; YAML or JSON. Nothing changes until it
          is applied.
        </label>
        <textarea id="config" name="config" required spellcheck={false} autocomplete="off">
          {`\n${text ?? ""}`}
        </textarea>
        <div class="acts">
          <button type="submit" class={made === undefined ? "main" : ""}>
            Plan
          </button>
          <a href={`${PLACE}?from=config`}>Begin with the config in force</a>
        </div>
      </form>
    </>,
  );
}
