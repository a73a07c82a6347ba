import type { EventRecord } from "./record.ts";

/** The media type of a stream. */
export const EVENT_STREAM = "text/event-stream";

/** A frame of server-sent events: what happened, by the name of its kind, under its id. JSON holds no end of line. */
export function frame(id: number, record: EventRecord): string {
  return `id: ${id}\nevent: ${record.kind}\ndata: ${JSON.stringify({ id, ...record })}\n\n`;
}

/** A frame about the stream itself: `gap` or `dropped`. It has no id, so that none is passed over. */
export function notice(name: "gap" | "dropped", data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** A comment that keeps the stream open, and how far it has come: a client that heard nothing for a day resumes from here. */
export function beatFrame(id: number): string {
  return `: still here\nid: ${id}\n\n`;
}

/** The position of a Last-Event-ID; undefined for none that was ours. */
export function positionOf(text: string | null): number | undefined {
  return text !== null && /^[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}
