import { EVENT_ID, type Event } from "js-yaml";
import { Fault, shown } from "../affinity/option.ts";
import { Composer } from "./compose.ts";
import { type Diagnostic, diagnostic } from "./diagnostic.ts";
import { Findings } from "./findings.ts";
import { MAX_ALIASES, MAX_NODES, MAX_TEXT, TOO_ALIASED, TOO_LONG, TOO_MANY } from "./limits.ts";
import { type Parsed, parse } from "./syntax.ts";

type Read = { readonly document: unknown } | { readonly errors: Diagnostic[] };

/**
 * A text of YAML (1.2, the core schema, one document) or JSON → the plain value that it holds. Never throws; costs
 * linear time. Of a text that cannot be parsed the first error is told, of any other all.
 */
export function readDocument(text: string): Read {
  if (text.length > MAX_TEXT) return refuse(TOO_LONG);
  const parsed = parse(text);
  if (parsed instanceof Findings) return { errors: parsed.errors };
  const fault = parsed instanceof Fault ? parsed : excess(parsed.events);
  return fault === undefined ? plain(parsed as Parsed) : refuse(fault);
}

function refuse(fault: Fault): Read {
  return { errors: [diagnostic([], fault)] };
}

/** What the events say before a value is made of them. */
function excess(events: readonly Event[]): Fault | undefined {
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
  if (documents > 1) return SEVERAL;
  // No more keys than values, and the document itself.
  return nodes > 2 * MAX_NODES + 1 ? TOO_MANY : undefined;
}

const EMPTY = new Fault("the config is empty", "write at least version, pools and routes");
const SEVERAL = new Fault(
  "the text holds several documents",
  'leave one, without the "---" between documents',
);
const NO_MAP = new Fault("the config is not a map", "write version, pools and routes as keys");

function plain({ text, events, findings }: Parsed): Read {
  const [opening, root] = events;
  if (opening?.type === EVENT_ID.DOCUMENT && opening.explicitStart) checkDirectives(text, findings);
  const document = new Composer(text, events, findings).compose();
  const { errors } = findings;
  if (errors.length > 0) return { errors };
  if (document === null) return refuse(EMPTY);
  return root?.type === EVENT_ID.MAPPING ? { document } : refuse(NO_MAP);
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
