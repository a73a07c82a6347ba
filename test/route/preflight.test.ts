import { beforeEach, describe, expect, it } from "vitest";
import { tagToHex } from "../../src/model/pod.ts";
import { keyRing } from "../../src/sessions/keyring.ts";
import { PROVISIONAL, sealer, type Token } from "../../src/sessions/token.ts";
import { cookiesOf, outcomeOf, SECRETS, TestEdge } from "../support/edge.ts";
import { seeded } from "../support/seeded.ts";

const NOW = 1_800_000_000;
const PREVIOUS = "a-secret-on-its-way-out-of-32-bytes!";
const SID = "c0".repeat(16);

describe("a CORS preflight makes, renews, moves and ends no session", () => {
  let edge: TestEdge;
  let name: string;
  let tags: number[];

  beforeEach(async () => {
    const pods = [0, 1, 2].map((i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${i + 1}` }));
    edge = await TestEdge.start({
      now: () => NOW * 1000,
      secrets: { ...SECRETS, previous: PREVIOUS },
      config: {
        version: 1,
        explain: true,
        pools: {
          web: { pods },
          home: { pods, failover: "temporary" },
          keyed: { pods, affinity: [{ header: "X-User" }] },
        },
        routes: [{ pool: "web" }, { path: "/home", pool: "home" }, { path: "/keyed", pool: "keyed" }],
      },
    });
    name = edge.view.scopes[0]!.cookie!.plainName;
    tags = edge.view.scopes[0]!.pools[0]!.pods.map(({ pod }) => pod.tag);
  });

  const token = (parts: Partial<Token> = {}): Token => {
    const life = { iat: NOW - 60, exp: NOW + 3600 };
    return { sid: SID, pod: tags[0]!, home: tags[0]!, epoch: 3, ...life, flags: 0, ...parts };
  };
  const ask = (cookie: string, path = "/", headers: Record<string, string> = {}) =>
    edge.ask(`http://shop.test${path}`, {
      method: "OPTIONS",
      headers: { origin: "https://a.test", "access-control-request-method": "PUT", cookie, ...headers },
    });
  const news = (to: string | null) => {
    const entry = { seq: 1, sid: SID, epoch: 4, to, cause: "moved-by-operator", exp: NOW * 2000 } as const;
    edge.edge.feed.hear([entry], 1, NOW * 1000);
  };

  /** What the request would change if it were another. */
  const CASES: Record<string, () => Promise<string>> = {
    "no cookie": async () => "",
    garbage: async () => "A".repeat(96),
    "a good one": () => edge.edge.sealer.seal("web", token()),
    "one that is due": () => edge.edge.sealer.seal("web", token({ iat: NOW - 1500 })),
    "one that is provisional": () => edge.edge.sealer.seal("web", token({ flags: PROVISIONAL })),
    "a provisional one that is settled": () => {
      edge.edge.settlements.set(SID, { epoch: 3, pod: tags[0]!, ahead: false });
      return edge.edge.sealer.seal("web", token({ flags: PROVISIONAL }));
    },
    "one that the store is ahead of": () => {
      edge.edge.settlements.set(SID, { epoch: 3, pod: tags[0]!, ahead: true });
      return edge.edge.sealer.seal("web", token());
    },
    "one of the previous key": async () => {
      const ring = await keyRing(crypto.subtle, { current: PREVIOUS });
      return sealer(crypto.subtle, ring, seeded(1)).seal("web", token());
    },
    "one that an operator has moved": () => {
      news(tagToHex(tags[2]!));
      return edge.edge.sealer.seal("web", token());
    },
    "one that was revoked": () => {
      news(null);
      return edge.edge.sealer.seal("web", token());
    },
    "one of a pod that is down": () => {
      edge.health({ [tagToHex(tags[0]!)]: "down" });
      return edge.edge.sealer.seal("web", token());
    },
    "one of a pod that nobody knows": () => edge.edge.sealer.seal("web", token({ pod: 7, home: 7 })),
  };

  it.each(Object.keys(CASES))("%s", async (what) => {
    const text = await CASES[what]!();
    for (let i = 0; i < 3; i++) {
      const response = await ask(text === "" ? "a=1" : `a=1; ${name}=${text}`);
      expect([response.status, cookiesOf(response)]).toEqual([200, []]);
    }
    await edge.idle();
    expect([edge.store.calls, edge.edge.breaks]).toEqual([0, []]);
  });

  it("of a session that is away from its home, or one with a key", async () => {
    const { scopes } = edge.view;
    const [home, away] = scopes[1]!.pools[0]!.pods.map(({ pod }) => pod);
    const text = await edge.edge.sealer.seal("home", token({ pod: away!.tag, home: home!.tag }));
    const kept = await ask(`${scopes[1]!.cookie!.plainName}=${text}`, "/home");
    expect([await kept.text(), outcomeOf(kept), cookiesOf(kept)]).toEqual([away!.id, "kept", []]);
    expect(outcomeOf(await ask("a=1", "/keyed", { "x-user": "ann" }))).toBe("unkeyed");
    await edge.idle();
    expect([edge.store.calls, edge.edge.breaks]).toEqual([0, []]);
  });
});
