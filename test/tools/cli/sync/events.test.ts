import { expect, it } from "vitest";
import { Events } from "../../../../tools/cli/sync/events.ts";

const event = (type: string, name: string) => ({ type, object: { kind: "Service", metadata: { name } } });

it("cuts a stream into events, wherever it is torn, with braces and quotes in texts", () => {
  const all = [event("ADDED", 'a}"{\\'), event("MODIFIED", "b"), event("DELETED", "é")];
  const text = all.map((one) => JSON.stringify(one, null, 4)).join("\n");
  for (const size of [1, 2, 3, 7, 50, text.length]) {
    const events = new Events();
    const found = [];
    for (let at = 0; at < text.length; at += size) found.push(...events.push(text.slice(at, at + size)));
    events.end();
    expect(found).toEqual(all);
  }
});

it("takes a list, as kubectl get prints it without --watch, for all that there is", () => {
  const list = { kind: "List", apiVersion: "v1", items: [event("ADDED", "a").object] };
  expect(new Events().push(JSON.stringify(list))).toEqual([{ type: "LISTED", object: list }]);
});

it.each([
  ["words", "error: no server", /no watch event/],
  ["a broken object", "{]}", /no JSON|no watch event/],
  ["an object without an event", '{"kind":"Service"}', /no watch event/],
  ["an unknown type", '{"type":"GONE","object":{}}', /no watch event/],
  ["an event without an object", '{"type":"ADDED"}', /no watch event/],
  ["a list of events", "[]", /no watch event/],
])("refuses %s", (_, text, message) => {
  expect(() => new Events().push(text)).toThrow(message);
});

it("tells a stream that ends within an object", () => {
  const events = new Events();
  expect(events.push('{"type":"ADD')).toEqual([]);
  expect(() => events.end()).toThrow(/ends within/);
});
