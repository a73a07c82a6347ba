import { Frames } from "../../tools/cli/events/frames.ts";
import { ADMIN } from "../../tools/fleet/fleet.ts";

/** An event, or a word about the stream (`gap`, `dropped`), as it came. */
export interface Heard {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A client that follows the events of one edge. */
export class Follower {
  readonly status: number;
  readonly type: string;
  readonly heard: Heard[] = [];
  /** All that came, comments too. */
  text = "";
  readonly #frames = new Frames();
  readonly #abort: AbortController;
  /** Resolves when the stream is over, however it ends. */
  readonly ended: Promise<void>;

  private constructor(response: Response, abort: AbortController) {
    this.status = response.status;
    this.type = response.headers.get("content-type") ?? "";
    this.#abort = abort;
    this.ended = this.#read(response).catch(() => undefined);
  }

  /** Resolves with the head of the answer. */
  static async open(edge: string, { after = "", query = "" } = {}): Promise<Follower> {
    const abort = new AbortController();
    const headers: Record<string, string> = { authorization: `Bearer ${ADMIN}` };
    if (after !== "") headers["last-event-id"] = after;
    const url = `${edge}/_mooring/v1/events${query}`;
    return new Follower(await fetch(url, { headers, signal: abort.signal }), abort);
  }

  /** Where to resume. */
  get lastId(): string {
    return this.#frames.lastId;
  }

  of(event: string): Readonly<Record<string, unknown>>[] {
    return this.heard.filter((one) => one.event === event).map(({ data }) => data);
  }

  async leave(): Promise<void> {
    this.#abort.abort();
    await this.ended;
  }

  async #read(response: Response): Promise<void> {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      this.text += chunk;
      for (const { event, data } of this.#frames.push(chunk))
        this.heard.push({ event, data: JSON.parse(data) });
    }
  }
}
