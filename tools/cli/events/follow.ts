import { setTimeout as sleep } from "node:timers/promises";
import type { EventRecord } from "../../../src/events/record.ts";
import type { Api } from "../api.ts";
import { CODES, Failure } from "../failure.ts";
import { Frames } from "./frames.ts";

/** Between two tries, and how long a stream may be silent: it beats every 15 s. Milliseconds. */
const TIMES = { pause: 2000, silent: 45_000 };
/** What another try does not mend. */
const FINAL: readonly number[] = [CODES.usage, CODES.token, CODES.invalid];

/** Who is told: of each event, and of the way on stderr. */
export interface Told {
  readonly print: (event: EventRecord) => void;
  readonly say: (line: string) => void;
}

/** Follows the events over every loss of the stream, without missing one, and says when it is lost and found again. */
export class Follow {
  readonly #api: Pick<Api, "open">;
  readonly #kinds: string | undefined;
  readonly #told: Told;
  readonly #times: typeof TIMES;
  #after = "";

  /** @param kinds names with commas; undefined: all */
  constructor(api: Pick<Api, "open">, kinds: string | undefined, told: Told, times: typeof TIMES = TIMES) {
    this.#api = api;
    this.#kinds = kinds;
    this.#told = told;
    this.#times = times;
  }

  /** Ends only by a Failure that another try does not mend. @param after the last id that is known; empty: what is new */
  async run(after: string): Promise<never> {
    this.#after = after;
    const { say } = this.#told;
    for (let away = false; ; away = true) {
      let why: string;
      try {
        const abort = new AbortController();
        const response = await this.#open(abort.signal);
        if (away) say("following again");
        away = false;
        why = await this.#read(response, abort);
      } catch (error) {
        if (!(error instanceof Failure) || FINAL.includes(error.code)) throw error;
        why = error.message;
      }
      // Once for each loss, however many tries it takes.
      if (!away) say(`${why}; trying again until Ctrl-C`);
      await sleep(this.#times.pause);
    }
  }

  #open(signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = this.#after === "" ? {} : { "last-event-id": this.#after };
    return this.#api.open("GET", "/events", { query: { kinds: this.#kinds }, headers, signal });
  }

  /** Reads to the end; why it ended. */
  async #read(response: Response, abort: AbortController): Promise<string> {
    const frames = new Frames();
    const silence = setTimeout(() => abort.abort(), this.#times.silent);
    try {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
        silence.refresh();
        for (const { event, data } of frames.push(chunk)) this.#take(event, JSON.parse(data));
        this.#after = frames.lastId || this.#after;
      }
      return "the stream ended";
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new Failure("server", "the stream holds what is no JSON: is it Mooring?");
      return abort.signal.aborted ? "the stream fell silent" : "the stream broke";
    } finally {
      clearTimeout(silence);
    }
  }

  #take(name: string, data: EventRecord): void {
    const { print, say } = this.#told;
    if (name === "gap")
      say(`there is a gap: what came between ${data.after} and ${data.first} is kept no more`);
    else if (name === "dropped") say(`dropped: ${data.detail}`);
    else print(data);
  }
}
