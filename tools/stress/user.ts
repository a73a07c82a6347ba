import { Agent, request as httpRequest, type IncomingHttpHeaders, type IncomingMessage } from "node:http";
import { Jar } from "../fleet/client.ts";
import type { Recorder } from "./recorder.ts";

/** workerd hangs up after 5 s of silence: a connection that was idle for nearly that long is not used again. */
const IDLE = 4000;
/** Until a request counts as lost. Milliseconds. */
const LOST = 30_000;
/** Of all actions, that come by another edge than the user's own, as when a phone changes its network. */
const AWAY = 0.05;

export interface Ask {
  readonly method?: "GET" | "POST";
  /** When it was due, by performance.now(): the wait for its turn is part of its latency. */
  readonly due: number;
  /** Answers that are no error; 200 when absent. */
  readonly fine?: readonly number[];
}

export interface Said {
  /** When it was asked for; ms since the epoch. */
  readonly from: number;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A person at a browser: one cookie jar, one kept-alive connection for each edge, one thing after another. */
export class User {
  readonly name: string;
  readonly jar = new Jar();
  readonly recorder: Recorder;
  /** Fractions in 0..1. */
  readonly chance: () => number;
  /** The pod that answered last, and when what it answered was asked for. */
  pod = "";
  seen = 0;
  readonly #edges: readonly string[];
  readonly #home: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: IDLE });
  #asked = 0;

  constructor(
    index: number,
    name: string,
    edges: readonly string[],
    recorder: Recorder,
    chance: () => number,
  ) {
    this.name = name;
    this.recorder = recorder;
    this.chance = chance;
    this.#edges = edges;
    this.#home = index % edges.length;
  }

  /** Of the edge that it comes by now. */
  url(): string {
    const { length } = this.#edges;
    const away = this.chance() < AWAY ? 1 + Math.floor(this.chance() * (length - 1)) : 0;
    return this.#edges[(this.#home + away) % length]!;
  }

  /** What it says of itself: pods know their clients by it. */
  headers(): Record<string, string> {
    const { cookie } = this.jar;
    return { "x-client": this.name, ...(cookie === "" ? {} : { cookie }) };
  }

  /** Connections of it that are open, but for streams and WebSockets. */
  get connections(): number {
    const { sockets, freeSockets } = this.#agent;
    return [sockets, freeSockets].reduce((sum, all) => sum + Object.values(all).flat().length, 0);
  }

  /** One request; undefined when it came to nothing, which is told. */
  async ask(path: string, { method = "GET", due, fine = [200] }: Ask): Promise<Said | undefined> {
    const from = Date.now();
    const { pod } = this;
    const wrong = (status: number, text: string) => {
      this.recorder.failed(performance.now() - due);
      this.recorder.trouble({ client: this.name, method, status, text, from, until: Date.now(), pod });
      return undefined;
    };
    try {
      const answer = await this.#send(this.url() + path, method, `${this.name}.${++this.#asked}`);
      this.jar.keep(answer.headers["set-cookie"] ?? []);
      const { status, body } = answer;
      if (!fine.includes(status)) return wrong(status, `${path} ${body.slice(0, 300)}`);
      this.recorder.answered(performance.now() - due);
      return { ...answer, from };
    } catch (error) {
      return wrong(0, `${path} ${String(error)}`);
    }
  }

  /** Tells by whom it was answered what it asked for at this time. */
  answeredBy(pod: string, from: number): void {
    // Of two answers at once the one that was asked for first says nothing of where the session is now.
    if (from < this.seen) return;
    const [before, since] = [this.pod, this.seen];
    [this.pod, this.seen] = [pod, from];
    if (before !== "" && before !== pod) {
      this.recorder.change({ user: this.name, from: before, to: pod, since, at: Date.now() });
    }
  }

  /** A GET over a connection that was closed meanwhile is sent again, as browsers do. */
  async #send(url: string, method: string, id: string): Promise<Omit<Said, "from">> {
    const headers = { ...this.headers(), "x-request-id": id };
    const options = { method, headers, agent: this.#agent, timeout: LOST };
    for (let tries = 1; ; tries++) {
      const request = httpRequest(url, options);
      request.on("timeout", () => request.destroy(new Error("no answer in time")));
      try {
        return await whole(request);
      } catch (error) {
        if (method !== "GET" || !request.reusedSocket || tries > 1) throw error;
      }
    }
  }
}

function whole(request: ReturnType<typeof httpRequest>): Promise<Omit<Said, "from">> {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response: IncomingMessage) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        body += chunk;
      });
      response.on("error", reject);
      response.on("end", () => {
        const { statusCode: status = 0, headers } = response;
        resolve({ status, headers, body });
      });
    });
    request.end();
  });
}
