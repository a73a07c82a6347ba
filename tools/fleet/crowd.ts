import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { decision, type Jar } from "./client.ts";

/** What became of a stream that was opened anew. */
export interface Reopened {
  readonly status: number;
  readonly pod: string;
  /** Milliseconds from its loss to its head. */
  readonly took: number;
}

/** A client that holds one event stream on a connection of its own, and opens it anew as a browser does when it is cut. */
export class Listener {
  readonly sid: string;
  readonly edge: number;
  /** The pod that serves its stream. */
  pod = "";
  /** How often it was cut. */
  cuts = 0;
  /** Each attempt since the first stream. */
  readonly reopened: Reopened[] = [];
  readonly jar: Jar;
  readonly #url: string;
  readonly #agent = new Agent({ keepAlive: false, maxSockets: 1 });
  #response: IncomingMessage | undefined;
  #over = false;

  /** @param jar its own copy: two tabs that ask at once know nothing of each other's answers */
  constructor(sid: string, edge: number, url: string, jar: Jar) {
    this.sid = sid;
    this.edge = edge;
    this.jar = jar;
    this.#url = `${url}/sse?events=1000&every=20000`;
  }

  /** Resolves with the status once the head has come; 0 when the connection failed. */
  open(): Promise<number> {
    return new Promise((resolve) => {
      const headers = { cookie: this.jar.cookie };
      const request = httpRequest(this.#url, { agent: this.#agent, headers }, (response) => {
        const { statusCode: status = 0, headers: got } = response;
        this.jar.keep(got["set-cookie"] ?? []);
        if (status === 200) {
          this.#response = response;
          this.pod = decision({ status, headers: got, raw: [], body: "" }).pod ?? "";
          response.once("close", () => void this.#lost());
        }
        response.on("error", () => undefined);
        response.resume();
        resolve(status);
      });
      request.on("error", () => resolve(0));
      request.end();
    });
  }

  /** Whether it has a stream. */
  get listening(): boolean {
    return this.#response !== undefined;
  }

  close(): void {
    this.#over = true;
    this.#response?.destroy();
    this.#agent.destroy();
  }

  async #lost(): Promise<void> {
    this.#response = undefined;
    if (this.#over) return;
    this.cuts++;
    const began = performance.now();
    const status = await this.open();
    this.reopened.push({ status, pod: this.pod, took: performance.now() - began });
  }
}
