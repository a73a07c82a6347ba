import { EVENT_ID, type Event } from "js-yaml";

/** A text as the parser takes it: blanks may have been put in or for tabs. */
export interface Relaxed {
  readonly text: string;
  /** Where a blank was put in, as offsets of `text`; each begins a line. */
  readonly added: ReadonlySet<number>;
  /** The places that were changed, in order, as offsets of the text as written and of `text`. */
  readonly from: readonly number[];
  readonly at: readonly number[];
}

/** A line's beginning and indentation with the bracket that follows, or tabs that are no indentation. */
const PLACES = /(?:^|[\n\r]) *(?:([\]}])|[ \t]*)|\t+/g;

/**
 * The parser wants a bracket that closes indented deeper than its key, and no tabs between brackets. Hardly any other
 * reader does, so such brackets get one blank more, and such tabs become blanks.
 *
 * @param spared places of `text` that stay as written: in a scalar either may be meant
 */
export function relax(text: string, spared: ReadonlySet<number>): Relaxed {
  const added = new Set<number>();
  const from: number[] = [];
  const at: number[] = [];
  let relaxed = "";
  let done = 0;
  for (const { index, 0: found, 1: bracket } of text.matchAll(PLACES)) {
    const tabs = found.startsWith("\t");
    if (!tabs && bracket === undefined) continue;
    const place = /^[\n\r]/.test(found) ? index + 1 : index;
    if (spared.has(place)) continue;
    relaxed += text.slice(done, place);
    from.push(place);
    at.push(relaxed.length);
    if (!tabs) added.add(relaxed.length);
    relaxed += tabs ? " ".repeat(found.length) : " ";
    done = tabs ? place + found.length : place;
  }
  return { text: relaxed + text.slice(done), added, from, at };
}

/**
 * The places of the text as written whose change is part of a scalar.
 *
 * @param events those of the relaxed text
 */
export function inScalars({ from, at }: Relaxed, events: readonly Event[]): Set<number> {
  const places = new Set<number>();
  let next = 0;
  for (const event of events) {
    if (event.type !== EVENT_ID.SCALAR) continue;
    while (next < at.length && at[next]! < event.valueStart) next++;
    for (; next < at.length && at[next]! < event.valueEnd; next++) places.add(from[next]!);
  }
  return places;
}
