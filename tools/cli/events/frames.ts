/** One frame of server-sent events; a comment alone, or an id alone, is none. */
export interface Frame {
  /** `message` where it has no name. */
  readonly event: string;
  readonly data: string;
}

/**
 * Reads server-sent events as they come, cut anywhere.
 * https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 */
export class Frames {
  #rest = "";
  #id = "";
  #event = "";
  #data: string[] = [];

  /** Where to resume: that of the last whole frame, of one without data too. */
  lastId = "";

  push(chunk: string): Frame[] {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop()!;
    return lines.flatMap((line) => this.#line(line.replace(/\r$/, "")) ?? []);
  }

  #line(line: string): Frame | undefined {
    if (line === "") return this.#end();
    const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line)!;
    if (field === "id" && !value!.includes("\0")) this.#id = value!;
    else if (field === "event") this.#event = value!;
    else if (field === "data") this.#data.push(value!);
    return undefined;
  }

  #end(): Frame | undefined {
    const [event, data] = [this.#event, this.#data];
    this.lastId = this.#id;
    this.#event = "";
    this.#data = [];
    return data.length === 0 ? undefined : { event: event || "message", data: data.join("\n") };
  }
}
