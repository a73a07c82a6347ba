import { type Event, parseEvents, YAMLException } from "js-yaml";
import type { Fault } from "../affinity/option.ts";
import { Findings } from "./findings.ts";
import { MAX_ALIASES, MAX_DEPTH, TOO_ALIASED, TOO_DEEP } from "./limits.ts";
import { inScalars, relax } from "./relax.ts";
import { explain } from "./words.ts";

/** What a text is made of. */
export interface Parsed {
  /** The text that the events' offsets are of; a few blanks may differ from the one that was given. */
  readonly text: string;
  readonly events: readonly Event[];
  /** For what is found later; empty. */
  readonly findings: Findings;
}

/** Where the parser stopped, and why in its own words. */
interface Stop {
  readonly position: number;
  readonly reason: string;
}

/**
 * A text of YAML or JSON → the parser's events, or its first error. Parses three times at most, in linear time, and no
 * deeper than a config may be.
 */
export function parse(text: string): Parsed | Findings | Fault {
  const events = attempt(text);
  if (!("reason" in events)) return { text, events, findings: new Findings(text) };
  if (!RELAXABLE.test(events.reason)) return told(text, events);
  const spared = new Set<number>();
  for (let round = 0; round < 2; round++) {
    const relaxed = relax(text, spared);
    const again = attempt(relaxed.text);
    if ("reason" in again) return told(relaxed.text, again, relaxed.added);
    const changed = inScalars(relaxed, again);
    if (changed.size === 0) {
      return { text: relaxed.text, events: again, findings: new Findings(relaxed.text, relaxed.added) };
    }
    for (const place of changed) spared.add(place);
  }
  return told(text, events);
}

const RELAXABLE = /^deficient indentation/;

function attempt(text: string): Event[] | Stop {
  try {
    // A text on the last level counts as one more.
    return parseEvents(text, { maxDepth: MAX_DEPTH + 1 });
  } catch (error) {
    if (!(error instanceof YAMLException) || error.mark === undefined) throw error;
    return { position: error.mark.position, reason: error.reason };
  }
}

function told(text: string, { position, reason }: Stop, added?: ReadonlySet<number>): Findings | Fault {
  if (reason.startsWith("nesting exceeded")) return TOO_DEEP;
  if (reason === "duplication of an anchor property" && anchors(text, position) > MAX_ALIASES)
    return TOO_ALIASED;
  const findings = new Findings(text, added);
  findings.add(position, explain(reason, text, position));
  return findings;
}

/** How many anchors stand one after the other, the one before `position` too. */
function anchors(text: string, position: number): number {
  const anchor = /&[^\s,[\]{}]+\s+/y;
  anchor.lastIndex = position;
  let count = 1;
  while (anchor.test(text)) count++;
  return count;
}
