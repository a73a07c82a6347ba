import { describe, expect, it } from "vitest";
import { beatFrame, frame, notice, positionOf } from "../../src/events/stream.ts";
import { Frames } from "../../tools/cli/events/frames.ts";

const record = {
  at: 1,
  severity: "I",
  kind: "health-changed",
  message: "Health changed",
  pod: "a\n\nid: 9\ndata: b",
};

describe("frames of an event stream", () => {
  it("are read back as they were, whatever their values hold and wherever they are cut", () => {
    const text = frame(41, record) + beatFrame(43) + notice("gap", { after: 1 });
    for (let size = 1; size < 40; size++) {
      const frames = new Frames();
      const found = [];
      for (let at = 0; at < text.length; at += size) found.push(...frames.push(text.slice(at, at + size)));
      expect(found.map(({ event, data }) => [event, JSON.parse(data)])).toEqual([
        ["health-changed", { id: 41, ...record }],
        ["gap", { after: 1 }],
      ]);
      // That of the beat: what says nothing moves the place to resume from.
      expect(frames.lastId).toBe("43");
    }
  });

  it("take their ids back, and nothing else", () => {
    expect(["41", "0", "", "-1", "1e3", "x", "9".repeat(16)].map(positionOf)).toEqual([
      ...[41, 0, undefined, undefined, undefined, undefined, undefined],
    ]);
    expect(positionOf(null)).toBeUndefined();
  });
});
