import { klogLine } from "../../../src/events/klog.ts";
import { type EventRecord, jsonLine } from "../../../src/events/record.ts";
import { command } from "../command.ts";
import { Follow } from "../events/follow.ts";

/** The isolate that wrote an event is of no interest to whoever reads them all. */
const SOMEBODY = 0;

export const events = command({
  name: "events",
  description: "What happened last, the newest below; or what happens, as it happens",
  args: {
    follow: { type: "boolean", alias: "f", description: "Go on with what happens, until Ctrl-C" },
    kinds: { type: "string", description: "Of these kinds alone, with commas" },
    limit: { type: "string", description: "How many of the last ones, at most 1000", default: "20" },
  },
  async run({ follow, kinds, limit, json }, { api, say }) {
    const accept = { accept: "application/json" };
    const ask = { query: { kinds, limit }, headers: accept };
    const answer = (await api.send<{ events: EventRecord[]; cursor: string | null }>("GET", "/events", ask))
      .json;
    const last = answer.events.toReversed();
    if (!follow) return { json: answer, text: last.map(line).join("\n") || "Nothing happened yet." };
    const print = (event: EventRecord) => process.stdout.write(`${json ? jsonLine(event) : line(event)}\n`);
    for (const event of last) print(event);
    const newest = answer.events[0]?.id;
    return new Follow(api, kinds, { print, say }).run(newest === undefined ? "" : String(newest));
  },
});

function line(event: EventRecord): string {
  return klogLine(event, { by: "coordinator", thread: SOMEBODY, number: Number(event.id) });
}
