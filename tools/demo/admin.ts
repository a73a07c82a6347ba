/** What the admin API refused, in one sentence; status 0 when nothing answered. */
export class AdminError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A pod as the edges see it. */
export interface SeenPod {
  readonly id: string;
  readonly state: string;
  /** Live sessions by the store's index; null while the store does not say. */
  readonly sessions: number | null;
  /** When draining ends, or ended; milliseconds since the epoch. */
  readonly deadline: number | null;
}

/** The part of a plan that the demo shows. */
export interface Plan {
  readonly revision: number;
  readonly moves: readonly {
    readonly sid: string;
    readonly from: string;
    readonly to: string;
    readonly cause: string;
  }[];
  readonly summary: { readonly moved: number; readonly kept: number; readonly total: number };
}

/** The shop's pool in the demo's config. */
export const POOL = "web";

const LIMIT = 10_000;

/** The admin API of the edge. Its token stays in this process: no page has it. Every call rejects with an AdminError. */
export class Admin {
  readonly #edge: string;
  readonly #token: string;

  constructor(edge: string, token: string) {
    this.#edge = edge;
    this.#token = token;
  }

  async pods(): Promise<readonly SeenPod[]> {
    return (await this.#ask<{ pods: SeenPod[] }>("GET", `/pools/${POOL}/pods`)).pods;
  }

  /** @param deadline a duration; without effect for `ready` */
  async order(pod: string, state: "draining" | "ready", deadline: string): Promise<void> {
    const body = state === "draining" ? { state, deadline } : { state };
    await this.#ask("PATCH", `/pools/${POOL}/pods/${encodeURIComponent(pod)}`, body);
  }

  config(): Promise<{ revision: number; config: object }> {
    return this.#ask("GET", "/config");
  }

  /** Writes a config over the revision that it was made of; 412 when that is another by now. */
  async put(config: object, revision: number): Promise<void> {
    await this.#ask("PUT", "/config", config, { "if-match": `"${revision}"` });
  }

  plan(config: object): Promise<Plan> {
    return this.#ask("POST", "/plan", config);
  }

  /** The session that a Cookie header carries; undefined when it carries none. */
  async sidOf(cookie: string): Promise<string | undefined> {
    const body = { method: "GET", url: `${this.#edge}/cart`, headers: { cookie } };
    const { steps } = await this.#ask<{ steps: { step: string; sid?: string }[] }>("POST", "/explain", body);
    return steps.find(({ step, sid }) => step === "token" && sid !== undefined)?.sid;
  }

  async #ask<T>(method: string, path: string, body?: object, more: Record<string, string> = {}): Promise<T> {
    const type = body === undefined ? {} : { "content-type": "application/json" };
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.#edge}/_mooring/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${this.#token}`, ...type, ...more },
        signal: AbortSignal.timeout(LIMIT),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      text = await response.text();
    } catch (error) {
      throw new AdminError(0, `the edge's admin API did not answer: ${(error as Error).message}`);
    }
    if (response.ok) return JSON.parse(text) as T;
    const isProblem = (response.headers.get("content-type") ?? "").includes("json");
    const { title, detail } = (isProblem ? JSON.parse(text) : {}) as { title?: string; detail?: string };
    throw new AdminError(
      response.status,
      `${title ?? `the admin API answered ${response.status}`}. ${detail ?? ""}`,
    );
  }
}
