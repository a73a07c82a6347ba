import type { Explanation } from "../../../src/route/explain.ts";
import { Problem } from "../api.ts";
import { cut } from "../format.ts";
import { Trouble } from "../parts/bits.tsx";
import { PodLink } from "../parts/breaks.tsx";
import { Facts } from "../parts/facts.tsx";
import { AT } from "../places.ts";
import { render, type Visit } from "../visit.tsx";

const PLACE = `${AT}/explain`;

/** What is asked about. */
interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: string;
  readonly clientIp: string;
}

/** Where a request is described. */
export async function explain(visit: Visit): Promise<Response> {
  const { origin } = new URL(visit.url);
  return show(visit, { method: "GET", url: visit.query.url ?? `${origin}/`, headers: "", clientIp: "" });
}

/** What would become of it, step by step. */
export async function explained(visit: Visit, form: URLSearchParams): Promise<Response> {
  const field = (name: string) => (form.get(name) ?? "").trim();
  const asked = {
    method: field("method") || "GET",
    url: field("url"),
    headers: field("headers"),
    clientIp: field("clientIp"),
  };
  const headers = headersOf(asked.headers);
  if (headers instanceof Problem) return show(visit, asked, headers);
  const { method, url, clientIp } = asked;
  const body = { method, url, headers, ...(clientIp === "" ? {} : { clientIp }) };
  return show(visit, asked, await visit.api.send<Explanation>("POST", "/explain", body));
}

/** Lines of `Name: value`. */
function headersOf(text: string): Record<string, string[]> | Problem {
  const headers: Record<string, string[]> = Object.create(null);
  for (const line of text.split(/\r?\n/)) {
    if (line.trim() === "") continue;
    const colon = line.indexOf(":");
    if (colon < 1) {
      const detail = `${JSON.stringify(cut(line, 100))}: write one header on each line, as Name: value.`;
      return new Problem(422, { title: "This is no header", detail });
    }
    const name = line.slice(0, colon).trim().toLowerCase();
    headers[name] ??= [];
    headers[name].push(line.slice(colon + 1).trim());
  }
  return headers;
}

function show(visit: Visit, asked: Asked, answer?: Explanation | Problem): Response {
  const { method, url, headers, clientIp } = asked;
  return render(
    visit,
    { title: "Explain", place: "Explain", status: answer instanceof Problem ? answer.status : 200 },
    <>
      <h1>Explain a request</h1>
      {answer instanceof Problem && <Trouble problem={answer} />}
      <form method="post" action={PLACE} class="panel login">
        <div class="fields">
          <div>
            <label for="method">Method</label>
            <input id="method" name="method" value={method} size={8} autocomplete="off" />
          </div>
          <div class="wide">
            <label for="url">URL</label>
            <input id="url" name="url" value={url} required autocomplete="off" spellcheck={false} />
          </div>
          <div>
            <label for="clientIp">Address of the client</label>
            <input id="clientIp" name="clientIp" value={clientIp} autocomplete="off" />
          </div>
        </div>
        <label for="headers">Headers, one on each line: the Cookie header brings a session</label>
        <textarea id="headers" name="headers" class="short" spellcheck={false} autocomplete="off">
          {`\n${headers}`}
        </textarea>
        <div class="acts">
          <button type="submit" class="main">
            Explain
          </button>
          <span class="faint">Nothing is forwarded, bound or counted.</span>
        </div>
      </form>
      {answer !== undefined && !(answer instanceof Problem) && <Told answer={answer} />}
    </>,
  );
}

function Told({ answer }: { answer: Explanation }) {
  const { outcome, pool, pod, from, cause, steps, trace } = answer;
  return (
    <section id="told" class="panel" aria-label="Explanation">
      <h2>
        <span class={`pill ${outcome === "refused" ? "bad" : "good"}`}>{outcome}</span>{" "}
        {pod !== null && (
          <>
            by <PodLink pool={pool ?? ""} pod={pod} /> of {cut(pool ?? "")}
          </>
        )}
        {from !== null && <> from {cut(from)}</>}
        {cause !== null && <> as {cause}</>}
      </h2>
      <ol class="steps">
        {steps.map(({ step, ...rest }) => (
          <li>
            <h3>{step}</h3>
            <Facts of={rest} />
          </li>
        ))}
      </ol>
      {trace !== null && (
        <details>
          <summary>The trace, which replays</summary>
          <pre>{cut(JSON.stringify(trace, null, 2), 20_000)}</pre>
        </details>
      )}
    </section>
  );
}
