import type { Advice } from "../../../src/doctor/advice.ts";
import type { Finding, Severity } from "../../../src/doctor/finding.ts";
import { checks } from "../../../src/doctor/index.ts";
import { Problem, query } from "../api.ts";
import { cut, some } from "../format.ts";
import { Live, Pager, Trouble } from "../parts/bits.tsx";
import { Evidence } from "../parts/evidence.tsx";
import { Sizing } from "../parts/sizing.tsx";
import { AT } from "../places.ts";
import { render, type Visit } from "../visit.tsx";

/** As GET /doctor gives it. */
export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly advice: readonly Advice[];
  readonly revision: number;
}

const PLACE = `${AT}/doctor`;
/** Findings on a page. */
const SHOWN = 25;

const KINDS: readonly {
  readonly severity: Severity;
  readonly head: string;
  readonly tone: "bad" | "wait";
  readonly means: string;
}[] = [
  { severity: "error", head: "Errors", tone: "bad", means: "Clients see it, or lose their session by it." },
  { severity: "warning", head: "Warnings", tone: "wait", means: "Clients may come to see it." },
];

/** What is wrong now, errors first, with what shows it and what to do; and how many connections each pool needs. */
export async function doctor(visit: Visit): Promise<Response> {
  const told = await visit.api.get<Diagnosis>("/doctor");
  const lost = told instanceof Problem;
  return render(
    visit,
    { title: "Doctor", place: "Doctor", ...(lost ? { status: told.status } : {}) },
    <>
      <div class="head">
        <h1>Doctor</h1>
        <a href={PLACE}>Look again</a>
      </div>
      <Live id="findings" class="findings">
        {lost ? <Trouble problem={told} /> : <Findings told={told} visit={visit} />}
      </Live>
      <Live id="sizing">{!lost && <Sizing advice={told.advice} />}</Live>
    </>,
  );
}

function Findings({ told: { findings, revision }, visit }: { told: Diagnosis; visit: Visit }) {
  const from = firstOf(visit.query.from, findings.length);
  const page = findings.slice(from, from + SHOWN);
  const next = from + SHOWN < findings.length ? PLACE + query({ from: from + SHOWN }) : undefined;
  return (
    <>
      <div class="panel">
        <h2>
          {findings.length > 0 ? numbersOf(findings) : revision === 0 ? "No config" : "Nothing is wrong"}
        </h2>
        <p class="faint">
          {some(Object.keys(checks).length, "check")} looked{" "}
          {revision === 0 ? "at a deployment without a config." : `at revision ${revision}.`}{" "}
          {findings.length === 0 && "None of them found anything; with few requests most say nothing. "}
          {findings.length > SHOWN && `These are ${from + 1} to ${from + page.length}.`}
        </p>
      </div>
      {KINDS.map(({ severity, head, tone, means }) => {
        const own = page.filter((one) => one.severity === severity);
        if (own.length === 0) return null;
        return (
          <>
            <div class="head">
              <h2>{head}</h2>
              <span class="faint">{means}</span>
            </div>
            {own.map((finding) => (
              <One finding={finding} tone={tone} />
            ))}
          </>
        );
      })}
      <Pager of="findings" first={from === 0 ? undefined : PLACE} next={next} />
    </>
  );
}

function One({ finding: { id, severity, title, evidence, fix }, tone }: { finding: Finding; tone: string }) {
  return (
    <article class={`card ${tone}`} data-key={`${id} ${evidence.pool ?? evidence.key ?? ""}`}>
      <header>
        <h3>{cut(title, 200)}</h3>
        <span class={`pill ${tone}`}>{severity}</span>
      </header>
      <p>
        <b>What to do</b> {cut(fix, 1000)}
      </p>
      <Evidence of={evidence} about={cut(title, 200)} />
      <code class="faint">{id}</code>
    </article>
  );
}

/** Where a page begins, as its url says; what has gone meanwhile leads to the first. */
function firstOf(asked: string | undefined, all: number): number {
  const from = /^[0-9]{1,6}$/.test(asked ?? "") ? Number(asked) : 0;
  return from < all ? from : 0;
}

/** How many of each kind; empty: none. */
export function numbersOf(findings: readonly Finding[]): string {
  const errors = findings.filter(({ severity }) => severity === "error").length;
  const warnings = findings.length - errors;
  return [errors > 0 && some(errors, "error"), warnings > 0 && some(warnings, "warning")]
    .filter(Boolean)
    .join(", ");
}
