import { CHAIN, chainHash } from "./chain.ts";
import { type Entry, entryOf } from "./entry.ts";
import { Refusals } from "./refusals.ts";
import type { LogReport, ServicePort } from "./report.ts";

/** Until kube-proxy tries again what failed, unless it says. Seconds. */
const RETRY = 30;
/** What one sync takes at most to say that it failed, and how. Seconds. */
const SYNC = 2;
/** What is remembered at most, of each kind. */
const MOST = 50_000;
/** Characters of an error that are told. */
const TOLD = 300;

/** A service's port as long as it is read. */
interface Port {
  readonly service: string;
  readonly address: string;
  readonly line: number;
  readonly since: number | undefined;
  /** Syncs that had failed when it came. */
  readonly before: number;
  /** Failures of its own, beside those of whole syncs. */
  own: number;
  named: boolean;
  /** What it came to: how many syncs failed before it had its rules, the last of them, and why. */
  failed: number;
  lastFailure: number;
  why: string;
}

const FAILED =
  /Failed to execute (?:ip6?tables-restore|iptables)|^Sync failed|(?:nftables|ipvs) sync failed|Failed to ensure .*chain|Failed to ensure that|Failed to execute nft/i;
const DONE = /^syncProxyRules (?:took|complete)/i;
const WAITS = /^Not syncing (?:iptables|ipvs|nftables|rules)/i;
const SEEN = /^(?:Adding new|Updating existing) service port/;
const ENDPOINTS = /^Setting endpoints for/;
const GONE = /^Removing service port/;
const OWN =
  /Failed to (?:sync|open|delete|add|get|create|start|lookup)|Can't open port|Error (?:syncing|creating)/i;
const NO_ENDPOINT = /missing endpoints|no endpoints|find an endpoint/i;

/** Reads kube-proxy's log line by line, and holds no more of it than services and those who refused. Odd lines do no harm. */
export class ProxyLog {
  readonly #ports = new Map<string, Port>();
  /** Those without rules, as far as is known; of these, those that came since the last failure. */
  readonly #waiting = new Set<Port>();
  readonly #fresh = new Set<Port>();
  /** Those that this sync failed for, and not as a whole. */
  readonly #alone = new Set<Port>();
  /** By cluster address and protocol. */
  readonly #owner = new Map<string, string>();
  /** By the hash in the names of its chains. */
  readonly #chains = new Map<string, string>();
  readonly #refusals = new Refusals();
  readonly #without = new Map<string, { count: number; last: number }>();
  readonly #syncs = { failed: 0, first: 0, last: 0, why: "" };
  #line = 0;
  #odd = 0;
  #retry = RETRY;
  /** Whether this sync has failed, and when the last did that failed. */
  #failing = false;
  #failedAt: number | undefined;
  #waits = false;
  /** The entry that lines without a header go on with. */
  #open: "failure" | "other" | undefined;

  take(line: string): void {
    this.#line++;
    const entry = entryOf(line);
    if (entry !== undefined) this.#entry(entry);
    else if (this.#open === undefined) {
      if (line.trim() !== "") this.#odd++;
    } else if (this.#open === "failure") this.#more(line);
  }

  #entry(entry: Entry): void {
    const { message, fields, time } = entry;
    this.#open = "other";
    this.#quiet(time);
    if (SEEN.test(message)) this.#seen(entry);
    else if (GONE.test(message)) this.#gone(entry);
    else if (ENDPOINTS.test(message)) this.#endpoints(entry);
    else if (WAITS.test(message)) this.#waits = true;
    else if (DONE.test(message)) this.#done();
    else {
      // `err=<`: it follows in lines of its own.
      const text = [message, ...Object.values(fields).filter((value) => value !== "<")].join(" ");
      this.#refusals.take(entry, text, this.#line);
      if (NO_ENDPOINT.test(text)) this.#noEndpoint(entry);
      else if (FAILED.test(message)) this.#failed(entry, text);
      else if (OWN.test(message) && entry.level !== "I") this.#ownFailure(entry, text);
    }
  }

  #seen({ message, fields, time }: Entry): void {
    const [, quoted, at] = /service port "([^"]+)" (?:at|to) (\S+)/.exec(message) ?? [];
    const service = fields.portName ?? fields.servicePortName ?? quoted;
    if (service === undefined) return;
    const address = fields.servicePort ?? at ?? "";
    if (this.#ports.has(service) || this.#ports.size >= MOST) return;
    const port = this.#port(service, address, time);
    this.#fresh.add(port);
    if (address !== "") this.#owner.set(address, service);
    for (const protocol of ["tcp", "udp", "sctp"]) this.#chains.set(chainHash(service, protocol), service);
  }

  #port(service: string, address: string, since: number | undefined): Port {
    const none = { own: 0, named: false, failed: 0, lastFailure: 0, why: "" };
    const port = { service, address, line: this.#line, since, before: this.#syncs.failed, ...none };
    this.#ports.set(service, port);
    this.#waiting.add(port);
    return port;
  }

  #gone({ message, fields }: Entry): void {
    const service = fields.portName ?? fields.servicePortName ?? /"([^"]+)"/.exec(message)?.[1] ?? "";
    const port = this.#ports.get(service);
    if (port === undefined) return;
    this.#ports.delete(service);
    for (const set of [this.#waiting, this.#fresh, this.#alone]) set.delete(port);
  }

  #endpoints({ message, fields }: Entry): void {
    const [, quoted, list] = /"([^"]+)" to \[([^\]]*)\]/.exec(message) ?? [];
    const service = fields.portName ?? fields.servicePortName ?? quoted;
    if (service === undefined) return;
    this.#refusals.endpoints(service, fields.endpoints ?? list ?? "");
  }

  /** A sync is over; what had its rules in it has them, if it did not fail. */
  #done(): void {
    if (!this.#failing && !this.#waits) this.#synced();
    this.#failing = false;
    this.#waits = false;
    this.#alone.clear();
  }

  #synced(): void {
    this.#failedAt = undefined;
    for (const port of this.#waiting) {
      if (this.#alone.has(port)) continue;
      this.#settle(port);
      this.#waiting.delete(port);
      this.#fresh.delete(port);
    }
  }

  /** Takes down how often whole syncs have failed since it came. */
  #settle(port: Port): void {
    const failed = this.#syncs.failed - port.before;
    port.failed = failed + port.own;
    if (failed === 0 || port.lastFailure > this.#syncs.last) return;
    port.lastFailure = this.#syncs.last;
    port.why = this.#syncs.why;
  }

  /** What failed is tried again after a while, and would say so if it failed again. */
  #quiet(time: number | undefined): void {
    if (this.#failedAt === undefined || time === undefined) return;
    if (time - this.#failedAt > 2 * this.#retry) {
      this.#failing = false;
      this.#synced();
    }
  }

  #failed(entry: Entry, text: string): void {
    this.#open = "failure";
    const seconds = /retryingTime="?(\d+)s|retrying in (\d+)s/.exec(
      `${text} retryingTime=${entry.fields.retryingTime}`,
    );
    if (seconds !== null) this.#retry = Number(seconds[1] ?? seconds[2]);
    this.#suspects(text);
    // The same sync says it twice: what failed, and that it did. Where nothing says that a sync is over, time does.
    const before = this.#failedAt;
    this.#failedAt = entry.time ?? before;
    if (this.#failing && (before === undefined || entry.time === undefined || entry.time - before < SYNC))
      return;
    this.#failing = true;
    // Long there without a word of failure: they have their rules, only the log did not say so.
    for (const port of this.#fresh) {
      const old =
        entry.time !== undefined && port.since !== undefined && entry.time - port.since > 2 * this.#retry;
      if (old && port.own === 0) this.#waiting.delete(port);
    }
    this.#fresh.clear();
    this.#syncs.failed++;
    this.#syncs.first ||= this.#line;
    this.#syncs.last = this.#line;
    this.#syncs.why = told(text);
  }

  /** The lines behind a failure say which rule it was. */
  #more(line: string): void {
    this.#suspects(line);
    const { why } = this.#syncs;
    const more = line.replace(/\s+/g, " ").trim();
    if (
      more === "" ||
      more === ">" ||
      more === ")" ||
      why.length > TOLD / 2 ||
      /^(?:Rules:|[*:-]|COMMIT)/.test(more)
    )
      return;
    this.#syncs.why = `${why} ${more}`.slice(0, TOLD);
  }

  #suspects(text: string): void {
    for (const [, hash] of text.matchAll(CHAIN)) {
      const port = this.#ports.get(this.#chains.get(hash!) ?? "");
      if (port !== undefined) port.named = true;
    }
  }

  /** Of one service alone, where the others have their rules. */
  #ownFailure({ fields, message }: Entry, text: string): void {
    const named = fields.servicePortName ?? fields.portName ?? fields.service ?? fields.svcPortName;
    const at = fields.virtualServer ?? /service: (\S+?),/.exec(message)?.[1] ?? "";
    const service = named ?? this.#owner.get(at);
    if (service === undefined) return;
    const known = this.#ports.get(service);
    if (known === undefined && this.#ports.size >= MOST) return;
    const port = known ?? this.#port(service, at, undefined);
    Object.assign(port, { lastFailure: this.#line, why: told(text), named: true });
    port.own++;
    // It may have had rules before: those of its endpoints are missing now.
    this.#waiting.add(port);
    this.#alone.add(port);
  }

  #noEndpoint({ message, fields }: Entry): void {
    const named = fields.servicePortName ?? fields.portName ?? fields.service ?? fields.svcPortName;
    const service = named ?? /(?:endpoints? for|service) "?([\w.-]+\/[\w.:-]*[\w.-])/.exec(message)?.[1];
    if (service === undefined || this.#without.size >= MOST) return;
    const known = this.#without.get(service) ?? { count: 0, last: 0 };
    this.#without.set(service, { count: known.count + 1, last: this.#line });
  }

  report(): LogReport {
    for (const port of this.#waiting) this.#settle(port);
    const failed = [...this.#ports.values()].filter((port) => port.failed > 0);
    const shown = ({ service, address, line, failed: count, lastFailure, why, named }: Port): ServicePort => {
      return { service, address, line, failed: count, lastFailure, why, named };
    };
    const never = failed.filter((port) => this.#waiting.has(port)).map(shown);
    return {
      lines: this.#line,
      odd: this.#odd,
      syncs: { ...this.#syncs, failing: this.#failedAt !== undefined || this.#failing },
      services: this.#ports.size,
      // Those that errors name themselves first.
      never: never.sort((a, b) => Number(b.named) - Number(a.named) || a.line - b.line),
      late: failed.filter((port) => !this.#waiting.has(port)).map(shown),
      withoutEndpoints: [...this.#without].map(([service, { count, last }]) => ({ service, count, last })),
      refused: this.#refusals.pods(),
      apiServer: { ...this.#refusals.apiServer },
    };
  }
}

function told(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, TOLD);
}
