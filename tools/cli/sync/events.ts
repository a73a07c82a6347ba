/** A Kubernetes object as the API server sends it. */
export interface Resource {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: {
    readonly name?: string;
    readonly namespace?: string;
    readonly [more: string]: unknown;
  };
  readonly items?: readonly Resource[];
  readonly [more: string]: unknown;
}

/** What `kubectl get --watch --output-watch-events -o json` prints. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: Resource;
  /** In a recorded stream: milliseconds since its begin. */
  readonly at?: number;
}

/** A list as `kubectl get -o json` prints it: all that there is of its kinds. */
export interface Listed {
  readonly type: "LISTED";
  readonly object: Resource;
  readonly at?: number;
}

const TYPES = new Set(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]);
/** One object may be this long; etcd takes 1.5 MB. Characters. */
const LONGEST = 16 << 20;

/**
 * Cuts a stream of JSON values, one after the other with whatever blanks, into watch events. Linear; holds no more than one
 * value. Throws an Error for what is neither an event nor a list, with its begin.
 */
export class Events {
  #text = "";
  /** How far the text was looked at. */
  #at = 0;
  #depth = 0;
  #inText = false;

  /** The events that are whole now. */
  push(chunk: string): (WatchEvent | Listed)[] {
    this.#text += chunk;
    const found: (WatchEvent | Listed)[] = [];
    for (; this.#at < this.#text.length; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (this.#inText) {
        if (code === 92) this.#at++;
        else if (code === 34) this.#inText = false;
      } else if (code === 34) this.#inText = true;
      else if (code === 123 || code === 91) this.#depth++;
      else if ((code === 125 || code === 93) && --this.#depth === 0) {
        found.push(eventOf(this.#text.slice(0, this.#at + 1)));
        this.#text = this.#text.slice(this.#at + 1);
        this.#at = -1;
      }
    }
    if (this.#depth === 0 && this.#text.trim() !== "")
      throw new Error(`no watch event: ${begin(this.#text)}`);
    if (this.#text.length > LONGEST) throw new Error(`an object of over ${LONGEST} characters`);
    return found;
  }

  /** Throws where the stream ended within a value. */
  end(): void {
    if (this.#text.trim() !== "") throw new Error(`the stream ends within an object: ${begin(this.#text)}`);
  }
}

const begin = (text: string) => JSON.stringify(text.trim().slice(0, 60));

function eventOf(text: string): WatchEvent | Listed {
  let value: { type?: string; object?: Resource; at?: number } & Resource;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Error(`no JSON: ${begin(text)}: ${error instanceof Error ? error.message : error}`);
  }
  const { type = "", object } = value;
  if (TYPES.has(type) && typeof object === "object" && object !== null) return value as WatchEvent;
  if (type === "LISTED" && Array.isArray(object?.items)) return value as Listed;
  if (Array.isArray(value.items)) return { type: "LISTED", object: value };
  throw new Error(`no watch event: ${begin(text)}`);
}
