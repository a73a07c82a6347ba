import { expect, it } from "vitest";
import { frame, notice } from "../../../../src/events/stream.ts";
import type { Ask } from "../../../../tools/cli/api.ts";
import { Follow } from "../../../../tools/cli/events/follow.ts";
import { Failure } from "../../../../tools/cli/failure.ts";

const event = (n: number) =>
  frame(n, { at: n, severity: "I", kind: "config-applied", message: "Config applied" });
const broken = new Failure("unreachable", "http://x does not answer");
const END = new Failure("token", "over");

/** What one connection brings: texts, then its end, which breaks it when it is "breaks" and never comes when it is "hangs". */
type Life = Failure | readonly string[];

/** Follows a server that answers so, one connection after another; the last life is a token that is refused. */
async function followed(lives: readonly Life[], after = "") {
  const [asked, printed, said]: [string[], unknown[], string[]] = [[], [], []];
  const left = [...lives, END];
  const open = async (_: string, __: string, { headers, query, signal }: Ask = {}): Promise<Response> => {
    asked.push(`${headers?.["last-event-id"] ?? ""} ${query?.kinds}`);
    const life = left.shift()!;
    if (life instanceof Failure) throw life;
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const text of life) {
          if (text === "breaks") controller.error(new TypeError("terminated"));
          else if (text === "hangs") signal?.addEventListener("abort", () => controller.error(signal.reason));
          else controller.enqueue(new TextEncoder().encode(text));
        }
        if (life.at(-1) !== "breaks" && life.at(-1) !== "hangs") controller.close();
      },
    });
    return new Response(stream);
  };
  const told = {
    print: ({ id }: { id?: unknown }) => printed.push(id),
    say: (line: string) => said.push(line),
  };
  const end = new Follow({ open }, "config-applied", told, { pause: 1, silent: 50 }).run(after);
  await expect(end).rejects.toBe(END);
  return { asked, printed, said };
}

it("goes on behind the last event that came, however the stream was lost, and says so", async () => {
  const { asked, printed, said } = await followed([
    [event(1), event(2).slice(0, 9)],
    [event(2), event(3), "hangs"],
    [": still here\nid: 7\n\n"],
  ]);
  expect(printed).toEqual([1, 2, 3]);
  expect(asked.map((one) => one.split(" ")[0])).toEqual(["", "1", "3", "7"]);
  expect(said).toEqual([
    "the stream ended; trying again until Ctrl-C",
    "following again",
    "the stream fell silent; trying again until Ctrl-C",
    "following again",
    "the stream ended; trying again until Ctrl-C",
  ]);
});

it("says once that nothing answers, however often it tries", async () => {
  const { asked, said } = await followed([broken, broken, broken, [event(9)]], "8");
  expect(asked).toEqual([
    "8 config-applied",
    "8 config-applied",
    "8 config-applied",
    "8 config-applied",
    "9 config-applied",
  ]);
  expect(said).toEqual([
    "http://x does not answer; trying again until Ctrl-C",
    "following again",
    "the stream ended; trying again until Ctrl-C",
  ]);
});

it("tells of a gap, and of having been dropped", async () => {
  const { printed, said } = await followed([
    [notice("gap", { after: 3, first: 9 }), event(9), notice("dropped", { reason: "slow", detail: "Read." })],
  ]);
  expect(printed).toEqual([9]);
  expect(said.slice(0, 2)).toEqual([
    "there is a gap: what came between 3 and 9 is kept no more",
    "dropped: Read.",
  ]);
});

it("a stream that breaks in the middle of an event is not an event", async () => {
  const { printed } = await followed([[event(1), event(2).slice(0, -1)], ["breaks"]]);
  expect(printed).toEqual([1]);
});
