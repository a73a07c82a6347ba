import { type Answer, call } from "./client.ts";

/** An answer of the API, its JSON parsed; undefined when it has none. */
export interface Said<T = unknown> extends Answer {
  readonly json: T;
}

/** A client of the admin API of one edge at a time. Paths are those below `/_mooring`: `/v1/config`, `/metrics`. */
export class Admin {
  readonly #urls: readonly string[];
  readonly #token: string;

  constructor(urls: readonly string[], token: string) {
    this.#urls = urls;
    this.#token = token;
  }

  /** Resolves whatever the status. `body` is sent as JSON, as YAML when it is a string. Rejects when nothing answers. */
  async send<T = unknown>(
    method: string,
    path: string,
    options: { body?: object | string; headers?: Record<string, string>; edge?: number } = {},
  ): Promise<Said<T>> {
    const { body, edge = 0 } = options;
    const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
    const type: Record<string, string> =
      body === undefined
        ? {}
        : { "content-type": typeof body === "string" ? "application/yaml" : "application/json" };
    const headers = { authorization: `Bearer ${this.#token}`, ...type, ...options.headers };
    const url = `${this.#urls[edge]}/_mooring${path}`;
    const answer = await call(url, { method, headers, ...(text === undefined ? {} : { body: text }) });
    const isJson = /json/.test(answer.headers["content-type"] ?? "");
    return { ...answer, json: (isJson ? JSON.parse(answer.body) : undefined) as T };
  }

  get<T = unknown>(path: string, edge = 0): Promise<Said<T>> {
    return this.send("GET", path, { edge });
  }

  /** The config in force and its ETag; undefined before the first. */
  async config<T = object>(edge = 0): Promise<{ revision: number; config: T; etag: string } | undefined> {
    const { status, json, headers } = await this.get<{ revision: number; config: T }>("/v1/config", edge);
    if (status === 404) return undefined;
    if (status !== 200) throw new Error(`GET /v1/config was answered with ${status}`);
    return { ...json, etag: headers.etag ?? "" };
  }

  /** PUTs a config on the revision that is in force. */
  async putConfig(
    config: object | string,
    edge = 0,
  ): Promise<Said<{ revision: number; notices: unknown[] }>> {
    const current = await this.config(edge);
    const headers: Record<string, string> =
      current === undefined ? { "if-none-match": "*" } : { "if-match": current.etag };
    return this.send("PUT", "/v1/config", { body: config, headers, edge });
  }
}
