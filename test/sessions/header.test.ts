import { describe, expect, it } from "vitest";
import { tokensIn } from "../../src/sessions/header.ts";

const [A, B] = ["a".repeat(96), "b".repeat(96)];

describe("what of a header could be a token", () => {
  it.each([
    ["one", A, [A]],
    ["blanks around it", ` ${A}\t`, [A]],
    ["headers that came twice", `${A}, ${B}`, [A, B]],
    ["what is too short or too long", `x, ${A}x, ${B} ,`, [B]],
    ["96 characters of several", `${"x,".repeat(48)}`, []],
    ["a quoted one", `"${A}"`, []],
    ["nothing", "", []],
    ["a flood", new Array(50).fill(A).join(","), [A, A, A, A]],
  ])("%s", (_, header, found) => expect(tokensIn(header)).toEqual(found));

  it("costs linear time", () => {
    expect(tokensIn(",".repeat(3_000_000))).toEqual([]);
    expect(tokensIn("a ".repeat(1_500_000))).toEqual([]);
  });
});
