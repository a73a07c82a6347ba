import { setTimeout as sleep } from "node:timers/promises";
import { parseTexts } from "../../../src/kubernetes/parse-text.ts";
import type { Api } from "../api.ts";
import { CODES, Failure } from "../failure.ts";
import { changes } from "./changes.ts";
import type { Resource } from "./events.ts";
import type { Mirror } from "./mirror.ts";

/** Between tries while no edge or coordinator answers. Milliseconds. */
const AGAIN = 1000;
const TRIES = 5;
/** Largest config that is taken. Bytes. */
const MAX_BODY = 5 * 1024 * 1024;

/** Kinds of which a wrong one holds nothing else up. */
const APART = new Set([
  "Ingress",
  "DestinationRule",
  "VirtualService",
  "HTTPRoute",
  "BackendLBPolicy",
  "XBackendTrafficPolicy",
  "BackendTrafficPolicy",
]);

const isEmpty = (config: unknown) => Object.keys((config as { pools?: object }).pools ?? {}).length === 0;

/** As errors call it. */
function labelOf({ kind, metadata = {} }: Resource): string {
  return `${kind} ${metadata.namespace ?? "default"}/${metadata.name}`;
}

export interface Synced {
  readonly revision: number;
  readonly changes: readonly string[];
}

/** Brings what a mirror holds into force, beside native documents and on the revision that it read. */
export class Writer {
  readonly #api: Pick<Api, "send">;
  readonly #beside: readonly { readonly name: string; readonly text: string }[];
  readonly #say: (line: string) => void;
  /** Objects of the last cluster that was valid. */
  #good: ReadonlyMap<string, Resource> | undefined;
  /** What was said of the last documents, so that it is said once. */
  #said = "";

  constructor(
    api: Pick<Api, "send">,
    beside: readonly { readonly name: string; readonly text: string }[],
    say: (line: string) => void,
  ) {
    this.#api = api;
    this.#beside = beside;
    this.#say = say;
  }

  /**
   * Undefined: it is in force already, or it is not valid, which is said; what is in force stays. Where Ingresses and the
   * like alone are wrong, and the cluster was valid before, they stay as they were, and all else is written. Who has written
   * in between is not written over unseen: the config is read again. Rejects when nobody answers for a while, or a token is
   * refused.
   */
  async write(mirror: Mirror): Promise<Synced | undefined> {
    let { items } = mirror.list();
    let parsed = this.#parse(items);
    const wrong = parsed.ok ? [] : parsed.errors;
    if (!parsed.ok && this.#good !== undefined) {
      items = this.#without(wrong, items);
      parsed = this.#parse(items);
    }
    const lines = wrong.map(({ path, message, hint }) => `  ${path}: ${message}${hint && ` (${hint})`}`);
    if (!parsed.ok) {
      this.#once(["not valid; what is in force stays:", ...lines].join("\n"));
      return undefined;
    }
    this.#good = new Map(items.map((item) => [labelOf(item), item]));
    if (wrong.length > 0)
      lines.unshift("not valid; these objects stay as they were, and all else is followed:");
    const notices = parsed.notices.filter(({ level }) => level !== "honoured");
    const told = notices.map(
      ({ level, object, path, message }) => `${level}: ${[object, path, message].filter(Boolean).join(": ")}`,
    );
    this.#once([...lines, ...told].join("\n"));
    const body = JSON.stringify(parsed.document);
    if (Buffer.byteLength(body) > MAX_BODY)
      throw new Failure(
        "invalid",
        "the cluster comes to a config of over 5 MB: follow one namespace with -n",
      );
    for (let left = TRIES; ; left--) {
      try {
        return await this.#put(parsed.document, body);
      } catch (error) {
        const code = error instanceof Failure ? error.code : undefined;
        const passing = code === CODES.conflict || code === CODES.server || code === CODES.unreachable;
        if (!passing || left === 1) throw error;
        this.#say(
          code === CODES.conflict
            ? "another has written: reading again"
            : `${(error as Failure).message}; again`,
        );
        if (code !== CODES.conflict) await sleep(AGAIN);
      }
    }
  }

  #parse(items: readonly Resource[]) {
    const value = { apiVersion: "v1", kind: "List", items };
    return parseTexts(this.#beside, undefined, [{ value, place: "cluster" }]);
  }

  /** Wrong Ingresses and the like as they last were: one of them must not hold up the pods of all others, as it does not there. */
  #without(errors: readonly { readonly path: string }[], items: readonly Resource[]): Resource[] {
    const wrong = new Set(errors.map(({ path }) => path.split(": ", 1)[0]!));
    const kept: Resource[] = [];
    for (const item of items) {
      const label = labelOf(item);
      const one = APART.has(item.kind ?? "") && wrong.has(label) ? this.#good?.get(label) : item;
      if (one !== undefined) kept.push(one);
    }
    return kept;
  }

  async #put(document: unknown, body: string): Promise<Synced | undefined> {
    const before = await this.#read();
    if (before !== undefined && JSON.stringify(before.config) === body) return undefined;
    if (isEmpty(document) && before !== undefined && !isEmpty(before.config)) {
      // Of the wrong context, or of rights that were taken away, more often than of a cluster that was emptied.
      this.#once(
        "nothing in the cluster leads anywhere; what is in force stays: PUT an empty config if that is meant",
      );
      return undefined;
    }
    const condition = before === undefined ? { "if-none-match": "*" } : { "if-match": before.etag };
    const { json } = await this.#api.send<{ revision: number }>("PUT", "/config", {
      body,
      headers: { "content-type": "application/json", ...condition },
    });
    return { revision: json.revision, changes: changes(before?.config, document) };
  }

  async #read(): Promise<{ config: unknown; etag: string } | undefined> {
    try {
      const { json, etag } = await this.#api.send<{ config: unknown }>("GET", "/config");
      return { config: json.config, etag };
    } catch (error) {
      if (error instanceof Failure && error.message.startsWith("There is no config yet")) return undefined;
      throw error;
    }
  }

  #once(text: string): void {
    if (text !== this.#said && text !== "") this.#say(text);
    this.#said = text;
  }
}
