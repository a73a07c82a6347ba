import {
  type AliasEvent,
  EVENT_ID,
  type Event,
  type MappingEvent,
  SCALAR_STYLE,
  type ScalarEvent,
  type SequenceEvent,
} from "js-yaml";
import { Fault, shown } from "../affinity/option.ts";
import type { Findings } from "./findings.ts";
import { readTag, scalarText, scalarValue, type TagName } from "./scalar.ts";

export type NodeEvent = Exclude<Event, { type: typeof EVENT_ID.DOCUMENT | typeof EVENT_ID.POP }>;
type TaggedEvent = Exclude<NodeEvent, AliasEvent>;

const NO_NAME = new Fault("a key is no text", "keys are names: write a text");

/**
 * The parser's events of one document → the plain value that it holds. Aliases come out as shared values, so a value
 * may hold itself. What is wrong goes to `findings`, and the value is then of no use. Recurs once for each level, whose
 * number the parser has bounded.
 */
export class Composer {
  readonly #text: string;
  readonly #events: readonly Event[];
  readonly #findings: Findings;
  readonly #near: boolean;
  readonly #anchored = new Map<string, unknown>();
  /** The first event opens the document. */
  #next = 1;
  /** Where the latest node stands: an empty one has no place of its own. */
  #offset = 0;

  /**
   * @param events those of one document
   * @param near whether whole numbers past 2^53 may be the nearest that there are
   */
  constructor(text: string, events: readonly Event[], findings: Findings, near = false) {
    this.#text = text;
    this.#events = events;
    this.#findings = findings;
    this.#near = near;
  }

  /** The value of the next node, and of all below. */
  compose(): unknown {
    const event = this.#take();
    switch (event.type) {
      case EVENT_ID.ALIAS:
        return this.#alias(event);
      case EVENT_ID.SCALAR: {
        const tag = this.#tag(event);
        const text = this.#checked(scalarText(this.#text, event));
        const value =
          text === undefined ? undefined : this.#checked(scalarValue(text, event, tag, this.#near));
        return this.#keep(event, value);
      }
      case EVENT_ID.SEQUENCE:
        return this.#list(event);
      case EVENT_ID.MAPPING:
        return this.#map(event);
    }
  }

  #take(): NodeEvent {
    const event = this.#events[this.#next++] as NodeEvent;
    this.#see(event);
    return event;
  }

  #see(event: NodeEvent): void {
    this.#offset = Math.max(this.#offset, placeOf(event));
  }

  /** Whether the collection that was opened last ends here. */
  #ends(): boolean {
    if (this.#events[this.#next]?.type !== EVENT_ID.POP) return false;
    this.#next++;
    return true;
  }

  #list(event: SequenceEvent): unknown[] {
    this.#collectionTag(event, "seq");
    const list: unknown[] = [];
    this.#keep(event, list);
    while (!this.#ends()) list.push(this.compose());
    return list;
  }

  #map(event: MappingEvent): Record<string, unknown> {
    this.#collectionTag(event, "map");
    const map: Record<string, unknown> = {};
    this.#keep(event, map);
    while (!this.#ends()) {
      const key = this.#key();
      if (key !== undefined && Object.hasOwn(map, key)) {
        this.#refuse(new Fault(`the key ${shown(key)} stands twice in one map`, "leave one of them out"));
      }
      const value = this.compose();
      if (key === undefined) continue;
      // As an own key it is seen and refused; set plainly, it would reach the prototype.
      if (key === "__proto__") Object.defineProperty(map, key, { value, enumerable: true });
      else map[key] = value;
    }
    return map;
  }

  /** The next node as a key: any scalar as it is written, so that `1` and `true` are names. */
  #key(): string | undefined {
    const event = this.#events[this.#next] as NodeEvent;
    if (event.type !== EVENT_ID.SCALAR) {
      this.#see(event);
      this.#refuse(NO_NAME);
      this.compose();
      return undefined;
    }
    this.#take();
    const tag = this.#tag(event);
    if (tag !== undefined && tag !== "" && tag !== "str") this.#refuse(NO_NAME);
    return this.#keep(event, this.#checked(scalarText(this.#text, event)));
  }

  #alias({ anchorStart, anchorEnd }: AliasEvent): unknown {
    const name = this.#text.slice(anchorStart, anchorEnd);
    if (this.#anchored.has(name)) return this.#anchored.get(name);
    this.#refuse(
      new Fault(
        `the alias ${shown(`*${name}`)} has no anchor before it`,
        'set the anchor before the alias, or put a text that begins with "*" in quotes',
      ),
    );
    return undefined;
  }

  #keep<T>({ anchorStart, anchorEnd }: TaggedEvent, value: T): T {
    if (anchorStart >= 0) this.#anchored.set(this.#text.slice(anchorStart, anchorEnd), value);
    return value;
  }

  #tag({ tagStart, tagEnd }: TaggedEvent): TagName | undefined {
    if (tagStart < 0) return undefined;
    const tag = readTag(this.#text.slice(tagStart, tagEnd));
    if (!(tag instanceof Fault)) return tag;
    this.#refuse(tag);
    return "";
  }

  #collectionTag(event: SequenceEvent | MappingEvent, name: "seq" | "map"): void {
    const tag = this.#tag(event);
    if (tag !== undefined && tag !== "" && tag !== name)
      this.#refuse(new Fault(`the tag "!!${tag}" does not fit a ${KIND[name]}`, "leave the tag out"));
  }

  #checked<T>(value: T | Fault): T | undefined {
    if (!(value instanceof Fault)) return value;
    this.#refuse(value);
    return undefined;
  }

  #refuse(fault: Fault): void {
    this.#findings.add(this.#offset, fault);
  }
}

const KIND = { seq: "list", map: "map" };

/** The offset where a node begins, its anchor and tag included; negative for an empty one. */
export function placeOf(event: NodeEvent): number {
  if (event.type === EVENT_ID.ALIAS) return event.anchorStart - 1;
  let place = event.type === EVENT_ID.SCALAR ? scalarStart(event) : event.start;
  if (event.tagStart >= 0 && (place < 0 || event.tagStart < place)) place = event.tagStart;
  if (event.anchorStart >= 0 && (place < 0 || event.anchorStart <= place)) place = event.anchorStart - 1;
  return place;
}

function scalarStart({ valueStart, style }: ScalarEvent): number {
  const quoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
  return quoted ? valueStart - 1 : valueStart;
}
