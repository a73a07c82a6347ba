import { parsePercent } from "../../src/config/percent.ts";
import type { Background } from "../../src/model/ports.ts";
import type { Edge } from "../../src/route/edge.ts";
import { Recorder } from "../../src/route/record.ts";
import { route } from "../../src/route/route.ts";
import { log } from "../log.ts";

/** Traces that are kept at most, and the characters of all of them: the oldest go. */
const MOST = 1000;
const SIZE = 8_000_000;

/** A sample of this isolate's own decisions, each as it replays. Whoever turns it on pays for it; nobody else does. */
export class Traces {
  readonly #share: number;
  #kept: string[] = [];
  #size = 0;
  /** How many have gone. */
  #gone = 0;

  /** @param share of the requests, 0..1 */
  constructor(share: number) {
    this.#share = share;
  }

  /** Routes a request, and may write down how. */
  async route(edge: Edge, request: Request, background: Background): Promise<Response> {
    if (Math.random() >= this.#share) return route(edge, request, background);
    const recorder = new Recorder(edge, request);
    const response = await route(recorder.edge, request, background);
    const trace = recorder.trace();
    if (trace !== undefined) this.#keep(JSON.stringify(trace));
    return response;
  }

  /** Those that are kept, the oldest first, from behind the `after`-th that there ever was, as JSON with a cursor. */
  json(limit: number, after: number): string {
    const from = Math.max(0, after - this.#gone);
    const page = this.#kept.slice(from, from + limit);
    const next = from + limit < this.#kept.length ? `"${this.#gone + from + limit}"` : "null";
    return `{"traces":[${page.join(",")}],"cursor":${next}}\n`;
  }

  #keep(text: string): void {
    this.#kept.push(text);
    this.#size += text.length;
    while (this.#kept.length > MOST || this.#size > SIZE) {
      this.#size -= this.#kept.shift()?.length ?? this.#size;
      this.#gone++;
    }
  }
}

/** Undefined unless a share over 0 is asked for; what is no share is told once. */
export function tracesOf(text: string | undefined): Traces | undefined {
  if (!text) return undefined;
  const share = parsePercent(text);
  if (typeof share === "number") return share > 0 ? new Traces(share) : undefined;
  log("setting-refused", { name: "MOORING_TRACES", error: `${share.message}: ${share.hint}` });
  return undefined;
}
