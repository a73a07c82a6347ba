import { beforeAll, describe, expect, it } from "vitest";
import { openToken } from "../../src/route/open.ts";
import type { ScopeRuntime } from "../../src/route/view.ts";
import { scan, strip } from "../../src/sessions/cookie.ts";
import type { Sealer } from "../../src/sessions/token.ts";
import { TestEdge } from "../support/edge.ts";

const NOW = 1_800_000_000_000;
const NAME = "__Host-lb";
/** What stands for the good token and for one that is as long and opens nothing. */
const G = "<good>";
const B = "<bad>";
const many = (count: number, pair: (i: number) => string, glue = "; ") =>
  Array.from({ length: count }, (_, i) => pair(i)).join(glue);

/** A header, whether the good token is found in it, how many are opened for that, and what the pod is left with. */
type Case = [story: string, header: string, found: boolean, opened: number, left: string | null];

const CASES: Case[] = [
  ["alone", `${NAME}=${G}`, true, 1, null],
  ["between others", `a=1; ${NAME}=${G}; b=2`, true, 1, "a=1; b=2"],
  ["without a blank", `a=1;${NAME}=${G};b=2`, true, 1, "a=1; b=2"],
  ["with tabs and many blanks", ` \t a=1;\t ${NAME}=${G} \t;\tb=2 \t`, true, 1, "a=1; b=2"],
  ["a header of its own among several", `a=1, ${NAME}=${G}, b=2; c=3`, true, 1, "a=1; b=2; c=3"],
  ["behind empty pairs", `;; ,;, ${NAME}=${G};,`, true, 1, null],
  ["twice the same", `${NAME}=${G}; ${NAME}=${G}`, true, 1, null],
  ["the good one first", `${NAME}=${G}; ${NAME}=${B}`, true, 1, null],
  ["the good one second", `${NAME}=${B}; a=1; ${NAME}=${G}`, true, 2, "a=1"],
  ["the good one fourth", `${many(3, () => `${NAME}=${B}`)}; ${NAME}=${G}`, true, 4, null],
  [
    "the good one fifth: nobody looks that far",
    `${many(4, () => `${NAME}=${B}`)}; ${NAME}=${G}`,
    false,
    4,
    null,
  ],
  ["two hundred bad ones", many(200, () => `${NAME}=${B}`), false, 4, null],
  [
    "short, long and empty ones in front, which nobody tries",
    `${NAME}=; ${NAME}=x; ${NAME}=${B}y; ${many(90, () => `${NAME}=`)}; ${NAME}=${G}`,
    true,
    1,
    null,
  ],
  [
    "pairs in front that are as long as a token together",
    `${many(8, () => `${NAME}=${"v".repeat(30)}; ${NAME}=${"w".repeat(54)}`)}; ${NAME}=${G}`,
    true,
    1,
    null,
  ],
  [
    "the name in other letters",
    `__host-lb=${G}; __HOST-LB=${G}`,
    false,
    0,
    `__host-lb=<good>; __HOST-LB=<good>`,
  ],
  ["a name that ends so", `x${NAME}=${G}; -${NAME}=${G}`, false, 0, `x${NAME}=<good>; -${NAME}=<good>`],
  ["a name that begins so", `${NAME}x=${G}; ${NAME}-=${G}`, false, 0, `${NAME}x=<good>; ${NAME}-=<good>`],
  ["as the value of a cookie without a name", `=${NAME}=${G}`, false, 0, `=${NAME}=<good>`],
  ["as the value of another", `a=${NAME}=${G}`, false, 0, `a=${NAME}=<good>`],
  [
    "behind a letter that looks like a blank",
    `\u00a0${NAME}=${G}; \u2000${NAME}=${G}; \u0085${NAME}=${G}; \ufeff${NAME}=${G}`,
    false,
    0,
    `\u00a0${NAME}=<good>; \u2000${NAME}=<good>; \u0085${NAME}=<good>; \ufeff${NAME}=<good>`,
  ],
  [
    "behind other control letters",
    `\u0001${NAME}=${G}; \u000b${NAME}=${G}`,
    false,
    0,
    `\u0001${NAME}=<good>; \u000b${NAME}=<good>`,
  ],
  [
    "separated by what separates nothing",
    `a=1&${NAME}=${G}; b=2|${NAME}=${G}; c=3 ${NAME}=${G}`,
    false,
    0,
    `a=1&${NAME}=<good>; b=2|${NAME}=<good>; c=3 ${NAME}=<good>`,
  ],
  ["a blank before the equals sign", `${NAME} =${G}`, false, 0, `${NAME} =<good>`],
  ["in quotes", `${NAME}="${G}"`, false, 0, null],
  ["percent-encoded", `${NAME}=%41${G}; ${NAME}=${G}%20`, false, 0, null],
  ["with an encoded name", `__Host%2Dlb=${G}`, false, 0, `__Host%2Dlb=<good>`],
  ["behind the attributes of RFC 2965", `$Version=1; ${NAME}=${G}; $Path=/`, true, 1, "$Version=1; $Path=/"],
  ["empty", `${NAME}=; a=1`, false, 0, "a=1"],
  ["8 KiB of value", `${NAME}=${"v".repeat(8192)}; a=1`, false, 0, "a=1"],
  ["behind 8 KiB of another's", `a=${"v".repeat(8192)}; ${NAME}=${G}`, true, 1, `a=${"v".repeat(8192)}`],
  [
    "behind four hundred others",
    `${many(400, (i) => `c${i}=v`)}; ${NAME}=${G}`,
    true,
    1,
    many(400, (i) => `c${i}=v`),
  ],
  ["behind four thousand separators", `${";".repeat(4000)}${NAME}=${G}`, true, 1, null],
  ["beside the name that it has over http", `lb=${G}; ${NAME}=${G}`, true, 1, null],
];

describe("a token in a Cookie header", () => {
  let edge: TestEdge;
  let scope: ScopeRuntime;
  let good: string;
  let bad: string;
  const fill = (text: string) => text.replaceAll(G, good).replaceAll(B, bad);

  beforeAll(async () => {
    edge = await TestEdge.start({
      config: {
        version: 1,
        pools: { web: { pods: [{ id: "web-0", url: "http://127.0.0.1:1" }] } },
        routes: [{ pool: "web" }],
      },
    });
    scope = edge.view.scopes[0]!;
    const { tag } = scope.pools[0]!.pods[0]!.pod;
    const token = {
      sid: "5e".repeat(16),
      pod: tag,
      home: tag,
      epoch: 1,
      iat: NOW / 1000,
      exp: NOW / 1000 + 60,
      flags: 0,
    };
    good = await edge.edge.sealer.seal(scope.scope.id, token);
    bad = await edge.edge.sealer.seal("another", token);
  });

  /** Opens as the edge does, with nothing remembered from before, and counts what is opened. */
  async function open(header: string): Promise<{ found: boolean; opened: number }> {
    let opened = 0;
    const sealer: Sealer = {
      ...edge.edge.sealer,
      open: (id, text) => {
        opened++;
        return edge.edge.sealer.open(id, text);
      },
    };
    const cookie = { ...scope.cookie!, secureKey: `${NAME}=` };
    const fresh = { ...scope, verified: new Map() as unknown as ScopeRuntime["verified"] };
    const found = await openToken({ ...edge.edge, sealer }, fresh, cookie, header, true, NOW);
    return { found: found?.token.sid === "5e".repeat(16), opened };
  }

  it.each(CASES)("%s", async (_, header, found, opened, left) => {
    expect(await open(fill(header))).toEqual({ found, opened });
    expect(strip(fill(header), ["lb=", `${NAME}=`])).toBe(left === null ? null : fill(left));
  });

  it("is not looked for over http under the name that it has over https, nor the other way", () => {
    const header = `lb=${bad}; ${NAME}=${good}`;
    expect(scan(header, `${NAME}=`)).toEqual([good]);
    expect(scan(header, "lb=")).toEqual([bad]);
  });
});

describe("a Cookie header of a megabyte", () => {
  const MIB = 2 ** 20;
  const repeated = (text: string) => text.repeat(Math.ceil(MIB / text.length)).slice(0, MIB);
  const HEADERS: Record<string, string> = {
    separators: repeated(";"),
    commas: repeated(", "),
    blanks: repeated(" "),
    "our name again and again": repeated(`${NAME}=`),
    "our name, blanks, our name": repeated(`; ${NAME}=${" ".repeat(500)}`),
    "bad tokens": repeated(`${NAME}=${"v".repeat(96)}; `),
    "bad tokens that end in blanks": repeated(`;${NAME}=${"v".repeat(96)}${" ".repeat(1000)}x`),
    "one token and blanks to the end": `;${NAME}=;${NAME}=${"v".repeat(96)}${repeated(" ")}x`,
    "almost our name": repeated("__Host-l; __Host-"),
    "names without an end": `, ${repeated("n")}`,
    "values without an end": `${NAME}=${repeated("v")}`,
    quotes: repeated('"'),
    "commas in values": repeated("a=1,2,3,{,"),
  };

  /**
   * Counts the letters that are looked at one by one: a function that is linear looks at each a few times, one that is
   * not at each a million times. What the runtime searches by itself is linear, and is not counted.
   */
  function looks(work: () => void): number {
    const original = String.prototype.charCodeAt;
    let count = 0;
    // biome-ignore lint/suspicious/noExplicitAny: a probe of the built-in itself
    (String.prototype as any).charCodeAt = function (this: string, at: number) {
      count++;
      return original.call(this, at);
    };
    try {
      work();
    } finally {
      String.prototype.charCodeAt = original;
    }
    return count;
  }

  it.each(Object.keys(HEADERS))("of %s is read and stripped in linear time", (story) => {
    const header = HEADERS[story]!;
    for (const text of [header, `${header}; ${NAME}=x`, `${NAME}=x; ${header}`]) {
      expect(looks(() => scan(text, `${NAME}=`))).toBeLessThan(4 * MIB);
      expect(looks(() => strip(text, ["lb=", `${NAME}=`]))).toBeLessThan(8 * MIB);
    }
  });
});
