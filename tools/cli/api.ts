import { Failure } from "./failure.ts";

/** What is answered with an error, as far as it is told. */
interface Problem {
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly { readonly path: string; readonly message: string; readonly hint: string }[];
}

export interface Ask {
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON, or as it is when it is a text. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** The admin API of one edge, by MOORING_URL and MOORING_ADMIN_TOKEN. */
export class Api {
  readonly url: string;
  readonly #token: string;

  constructor(env: Readonly<Record<string, string | undefined>> = process.env) {
    this.url = (env.MOORING_URL || "http://127.0.0.1:8787").replace(/\/+$/, "");
    const token = env.MOORING_ADMIN_TOKEN;
    if (!token)
      throw new Failure(
        "token",
        "set MOORING_ADMIN_TOKEN: npm start prints it, a deployment has it as a secret",
      );
    if (!URL.canParse(this.url)) throw new Failure("usage", `MOORING_URL is no URL: ${this.url}`);
    this.#token = token;
  }

  /** The answer's JSON and ETag. Throws a Failure for whatever is not 2xx. */
  async send<T>(method: string, path: string, ask: Ask = {}): Promise<{ json: T; etag: string }> {
    const response = await this.open(method, path, ask);
    const answer = await response.text();
    try {
      return { json: JSON.parse(answer) as T, etag: response.headers.get("etag") ?? "" };
    } catch {
      throw new Failure("server", `${this.url} answers with what is no JSON: is it Mooring?`);
    }
  }

  /** The answer, its body still to come. Throws a Failure for whatever is not 2xx. */
  async open(
    method: string,
    path: string,
    { query = {}, body, headers, signal }: Ask = {},
  ): Promise<Response> {
    const asked = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
    const search = asked.length === 0 ? "" : `?${new URLSearchParams(asked)}`;
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const type: Record<string, string> =
      typeof body === "object" ? { "content-type": "application/json" } : {};
    const init = { method, headers: { authorization: `Bearer ${this.#token}`, ...type, ...headers } };
    let response: Response;
    try {
      response = await fetch(`${this.url}/_mooring/v1${path}${search}`, {
        ...init,
        ...(text === undefined ? {} : { body: text }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (error) {
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
      throw new Failure(
        "unreachable",
        `${this.url} does not answer: ${cause instanceof Error ? cause.message : cause}`,
      );
    }
    if (!response.ok) throw failureOf(response.status, await response.text(), this.url);
    return response;
  }

  /** All of a list, page by page. */
  async list<T>(path: string, name: string): Promise<T[]> {
    const found: T[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.get<Record<string, T[]> & { cursor: string | null }>(path, { cursor });
      found.push(...page[name]!);
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    return found;
  }

  async get<T>(path: string, query: Ask["query"] = {}): Promise<T> {
    return (await this.send<T>("GET", path, { query })).json;
  }
}

function failureOf(status: number, answer: string, url: string): Failure {
  let problem: Problem = {};
  try {
    problem = JSON.parse(answer) as Problem;
  } catch {
    // Something else than Mooring, or a proxy before it: the status says what there is to say.
  }
  const { title, detail, errors = [] } = problem;
  if (title === undefined)
    return new Failure("server", `${url} answers ${status} without a word: is it Mooring?`);
  // What is wrong with one thing alone is all that the detail says.
  const said = errors.length === 1 && detail?.includes(errors[0]!.message) === true;
  const lines = [`${title}. ${said ? "" : (detail ?? "")}`.trim()];
  for (const { path, message, hint } of errors)
    lines.push(`  ${path === "" ? "(whole)" : path}: ${message} (${hint})`);
  return new Failure(kindOf(status), lines.join("\n"));
}

function kindOf(status: number) {
  if (status === 401 || status === 403 || status === 429) return "token";
  if (status === 409 || status === 412 || status === 428) return "conflict";
  return status >= 500 ? "server" : "invalid";
}
