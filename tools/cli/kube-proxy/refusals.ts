import type { Entry } from "./entry.ts";
import type { Refusal } from "./report.ts";

/** What is remembered at most, of each kind. */
const MOST = 50_000;

const REFUSED = /connection refused/i;
const API = /Failed to (?:watch|list)|Unable to load|https?:\/\//i;
const ADDRESS = /(?:\b\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-f:]+\]):\d{1,5}\b/i;

/** Who refused connections, by what a log tells. */
export class Refusals {
  readonly #refused = new Map<string, { -readonly [Key in keyof Refusal]: Refusal[Key] }>();
  /** The service of an endpoint. */
  readonly #owner = new Map<string, string>();
  readonly apiServer = { count: 0, first: 0, last: 0 };

  /** The log says whose endpoints these are. */
  endpoints(service: string, list: string): void {
    for (const [address] of list.matchAll(new RegExp(ADDRESS, "gi"))) {
      if (this.#owner.size < MOST) this.#owner.set(address, service);
    }
  }

  /** @param text all that the entry says @param line where; from 1 on */
  take({ file, message, fields }: Entry, text: string, line: number): void {
    if (!REFUSED.test(text)) return;
    // It is no pod, and kube-proxy asks it again and again.
    if (file === "reflector.go" || API.test(text)) {
      this.apiServer.count++;
      this.apiServer.first ||= line;
      this.apiServer.last = line;
      return;
    }
    const dialled = /dial \w+ (\S+?): /.exec(text)?.[1];
    const address = dialled ?? fields.endpoint ?? ADDRESS.exec(text)?.[0] ?? "";
    const pod = fields.pod ?? /pod "?([\w.-]+\/[\w.-]+)/.exec(message)?.[1] ?? "";
    const key = address || pod;
    const known = this.#refused.get(key);
    if (known !== undefined) {
      known.count++;
      known.last = line;
      known.pod ||= pod;
    } else if (key !== "" && this.#refused.size < MOST) {
      const service = fields.servicePortName ?? "";
      this.#refused.set(key, { address, service, pod, count: 1, first: line, last: line });
    }
  }

  /** Those who refused most first. */
  pods(): Refusal[] {
    return [...this.#refused.values()]
      .map((one) => ({ ...one, service: one.service || (this.#owner.get(one.address) ?? "") }))
      .sort((a, b) => b.count - a.count);
  }
}
