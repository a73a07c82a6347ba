import { beforeAll, describe, expect, it } from "vitest";
import { keyRing } from "../../src/sessions/keyring.ts";
import { sealer, type Token } from "../../src/sessions/token.ts";
import { cookiesOf, outcomeOf, SECRETS, TestEdge } from "../support/edge.ts";
import { seeded } from "../support/seeded.ts";

const NOW = 1_800_000_000;
const RETIRED = "a-secret-that-is-retired-of-32-bytes";

describe("several cookies of our name, as a browser holds them after a change of path or domain", () => {
  const chance = seeded(3);
  let edge: TestEdge;
  let name: string;
  let good: string;
  const ended: Record<string, string> = {};

  const token = (parts: Partial<Token> = {}): Token => {
    const sid = [...chance.bytes(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    const { tag } = edge.view.scopes[0]!.pools[0]!.pods[1]!.pod;
    const life = { iat: NOW - 60, exp: NOW + 3600 };
    return { sid, pod: tag, home: tag, epoch: 1, ...life, flags: 0, ...parts };
  };

  beforeAll(async () => {
    edge = await TestEdge.start({
      now: () => NOW * 1000,
      secrets: { ...SECRETS, retired: RETIRED },
      config: {
        version: 1,
        explain: true,
        pools: {
          web: { pods: [0, 1, 2, 3].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` })) },
        },
        routes: [{ pool: "web" }],
      },
    });
    name = edge.view.scopes[0]!.cookie!.plainName;
    const { sealer: ours, feed } = edge.edge;
    good = await ours.seal("web", token());
    ended.idle = await ours.seal("web", token({ iat: NOW - 4000 }));
    ended.absolute = await ours.seal("web", token({ exp: NOW - 1 }));
    ended.ahead = await ours.seal("web", token({ iat: NOW + 4000 }));
    const revoked = token();
    ended.revoked = await ours.seal("web", revoked);
    const entry = {
      seq: 1,
      sid: revoked.sid,
      epoch: 2,
      to: null,
      cause: "revoked",
      exp: NOW * 2000,
    } as const;
    feed.hear([entry], 1, NOW * 1000);
    const ring = await keyRing(crypto.subtle, { current: RETIRED });
    ended.retired = await sealer(crypto.subtle, ring, chance).seal("web", token());
  });

  const ask = (...texts: string[]) => {
    const cookie = texts.map((text) => `${name}=${text}`).join("; ");
    return edge.ask("http://shop.test/", { headers: { cookie } });
  };

  it.each(["idle", "absolute", "ahead", "revoked", "retired"])(
    "one whose session has ended (%s) does not end that of another, wherever it stands",
    async (why) => {
      const old = ended[why]!;
      // Twice each: the second time both are remembered, and nothing is opened.
      for (const texts of [
        [old, good],
        [old, good],
        [good, old],
        [old, old, old, good],
      ]) {
        const response = await ask(...texts);
        expect([outcomeOf(response), await response.text(), cookiesOf(response)]).toEqual([
          "kept",
          "web-1",
          [],
        ]);
      }
      expect(edge.edge.breaks).toEqual([]);
    },
  );

  it("where all have ended a new session begins, and the first end is recorded", async () => {
    expect(outcomeOf(await ask(ended.idle!, ended.absolute!))).toBe("bound");
    expect(edge.edge.breaks.map(({ cause }) => cause)).toEqual(["expired-idle"]);
  });
});
