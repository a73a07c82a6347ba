import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { toldOf } from "../../src/events/break.ts";
import { KINDS, type Kind } from "../../src/events/catalog.ts";
import { recordOf } from "../../src/events/record.ts";
import { CAUSES } from "../../src/model/binding.ts";
import { root } from "../../tools/build/root.ts";

const manual = (name: string) => readFileSync(join(root, "docs", name), "utf8");

describe.each(Object.entries<Kind>(KINDS))("%s", (name, { severity, message, keys, by, help }) => {
  it("is named as others are", () => {
    expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(message).toMatch(/^[A-Z][a-zA-Z ]*[a-zA-Z]$/);
    expect(help).toMatch(/^\S.*\.$/s);
  });

  it("has keys that are none of those that every event has", () => {
    const every = ["id", "at", "severity", "kind", "message", "by", "thread", "number"];
    expect(keys.filter((key) => every.includes(key) || !/^[a-z]+$/.test(key))).toEqual([]);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it("stands in the manual as it is", () => {
    const named = keys.map((key) => `\`${key}\``).join(", ");
    expect(manual("events.md")).toContain(
      `| \`${name}\` | ${severity} | ${message} | ${named} | ${by} | ${help} |`,
    );
  });
});

it("no two kinds have one message, as lines have nothing else to be told apart by", () => {
  const messages = Object.values(KINDS).map(({ message }) => message);
  expect(new Set(messages).size).toBe(messages.length);
});

describe("the event of a break", () => {
  const broken = { at: 7, sid: "0".repeat(32), epoch: 2, pool: "web", from: "web-0", to: "web-1" };

  it.each(CAUSES)("has the ledger's words for all there is to say: %s", (cause) => {
    const { kind, ...moved } = recordOf(toldOf({ ...broken, cause }));
    expect(kind).toBe("session-rebound");
    expect(moved).toEqual({ ...broken, cause, severity: "I", message: "Rebound session" });
    expect(manual("operations.md")).toContain(`\`${cause}\``);
  });

  it("that ended its session says so, and names no pod that it went to", () => {
    const { kind, message, ...ended } = recordOf(toldOf({ ...broken, to: "", cause: "revoked" }));
    expect([kind, message]).toEqual(["session-ended", "Ended session"]);
    expect(ended).not.toHaveProperty("to");
    expect(ended).toMatchObject({ sid: broken.sid, epoch: 2, from: "web-0", cause: "revoked" });
  });
});
