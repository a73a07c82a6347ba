import { EVENT_ID, type Event } from "js-yaml";
import { Fault, shown } from "../affinity/option.ts";
import { Composer, type NodeEvent, placeOf } from "./compose.ts";
import { type Diagnostic, diagnostic } from "./diagnostic.ts";
import { Findings } from "./findings.ts";
import { MAX_ALIASES, MAX_NODES, MAX_TEXT, TOO_ALIASED, TOO_LONG, TOO_MANY } from "./limits.ts";
import { type Parsed, parse } from "./syntax.ts";
import type { Tree } from "./tree.ts";

/** One document of a text. */
export interface Document {
  readonly value: Tree;
  /** Whether it is of another shape than the native config. */
  readonly foreign: boolean;
  /** Where it begins, from 1. */
  readonly line: number;
}

type Refused = { readonly errors: Diagnostic[] };

/**
 * A text of YAML (1.2, the core schema, one document) or JSON → the plain value that it holds. Never throws; costs
 * linear time. Of a text that cannot be parsed the first error is told, of any other all.
 */
export function readDocument(text: string): { readonly document: unknown } | Refused {
  const read = readAll(text, 1, () => false);
  return "errors" in read ? read : { document: read.documents[0]!.value };
}

/**
 * The same for a text of several documents; at least one is answered, and empty ones are left out.
 *
 * @param isForeign whether a document with these keys at its top is of another shape: its whole numbers may be inexact
 */
export function readDocuments(
  text: string,
  isForeign: (keys: ReadonlySet<string>) => boolean,
): { readonly documents: readonly Document[] } | Refused {
  return readAll(text, Number.POSITIVE_INFINITY, isForeign);
}

function readAll(text: string, most: number, isForeign: (keys: ReadonlySet<string>) => boolean) {
  if (text.length > MAX_TEXT) return refuse(TOO_LONG);
  const parsed = parse(text);
  if (parsed instanceof Findings) return { errors: parsed.errors };
  const fault = parsed instanceof Fault ? parsed : excess(parsed.events, most);
  return fault === undefined ? plain(parsed as Parsed, isForeign) : refuse(fault);
}

function refuse(fault: Fault): Refused {
  return { errors: [diagnostic([], fault)] };
}

/** What the events say before a value is made of them. */
function excess(events: readonly Event[], most: number): Fault | undefined {
  let documents = 0;
  let nodes = 0;
  let anchors = 0;
  let aliases = 0;
  for (const event of events) {
    if (event.type === EVENT_ID.POP) continue;
    if (event.type === EVENT_ID.DOCUMENT) {
      documents++;
      continue;
    }
    nodes++;
    if (event.type === EVENT_ID.ALIAS) aliases++;
    else if (event.anchorStart >= 0) anchors++;
  }
  if (aliases > MAX_ALIASES || anchors > MAX_ALIASES) return TOO_ALIASED;
  if (documents === 0) return EMPTY;
  if (documents > most) return SEVERAL;
  // No more keys than values, and the documents themselves.
  return nodes > 2 * MAX_NODES + documents ? TOO_MANY : undefined;
}

const EMPTY = new Fault("the config is empty", "write at least version, pools and routes");
const SEVERAL = new Fault(
  "the text holds several documents",
  'leave one, without the "---" between documents',
);
const NO_MAP = new Fault("the config is not a map", "write version, pools and routes as keys");

function plain(
  { text, events, findings }: Parsed,
  isForeign: (keys: ReadonlySet<string>) => boolean,
): { readonly documents: Document[] } | Refused {
  const starts = [...events.keys()].filter((i) => events[i]!.type === EVENT_ID.DOCUMENT);
  const documents: Document[] = [];
  const lines = new Lines(text);
  let directives = true;
  let odd = false;
  for (const [i, start] of starts.entries()) {
    const own = events.slice(start, starts[i + 1]);
    const opening = own[0]!;
    const root = own[1] as NodeEvent;
    if (directives && opening.type === EVENT_ID.DOCUMENT && opening.explicitStart)
      checkDirectives(text, findings);
    directives = false;
    const foreign = root.type === EVENT_ID.MAPPING && isForeign(topKeys(text, own));
    const before = findings.errors.length;
    const value = new Composer(text, own, findings, foreign).compose();
    if (root.type === EVENT_ID.MAPPING) {
      documents.push({ value: value as Tree, foreign, line: lines.at(placeOf(root)) });
    } else if (value !== null && findings.errors.length === before) {
      odd = true;
      if (starts.length > 1) findings.add(Math.max(0, placeOf(root)), NO_MAP);
    }
  }
  const { errors } = findings;
  if (errors.length > 0) return { errors };
  if (documents.length > 0) return { documents };
  return refuse(odd ? NO_MAP : EMPTY);
}

/** The keys at the top of a document that is a map. */
function topKeys(text: string, events: readonly Event[]): Set<string> {
  const keys = new Set<string>();
  let depth = 0;
  let isKey = false;
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      depth--;
      continue;
    }
    if (event.type === EVENT_ID.DOCUMENT) continue;
    if (depth === 1) {
      isKey = !isKey;
      // Names without escapes: what is written otherwise is told apart by the others.
      if (isKey && event.type === EVENT_ID.SCALAR) keys.add(text.slice(event.valueStart, event.valueEnd));
    }
    if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) depth++;
  }
  return keys;
}

/** Lines of offsets that only grow. */
class Lines {
  readonly #text: string;
  #offset = 0;
  #line = 1;

  constructor(text: string) {
    this.#text = text;
  }

  at(offset: number): number {
    const passed = this.#text.slice(this.#offset, Math.max(this.#offset, offset));
    this.#line += passed.match(/\r\n?|\n/g)?.length ?? 0;
    this.#offset += passed.length;
    return this.#line;
  }
}

/** The parser passes over directives that it does not know, and a tag's handle may not change what the tag says. */
function checkDirectives(text: string, findings: Findings): void {
  const head = text.slice(0, text.search(/(?:^\ufeff?|[\n\r]\ufeff?)---(?:\s|$)/) + 1);
  for (const { index, 0: match } of head.matchAll(/(?:^|[\n\r])\ufeff?%[^\n\r]*/g)) {
    const line = match.slice(match.indexOf("%"));
    if (/^%YAML[ \t]+1\.[12](?:[ \t]|$)/.test(line)) continue;
    const fault = new Fault(`the directive ${shown(line)} is not known`, "leave the directive out");
    findings.add(index + match.length - line.length, fault);
  }
}
