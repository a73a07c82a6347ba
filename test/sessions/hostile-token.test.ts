import { webcrypto } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { decode, encode } from "../../src/sessions/base64url.ts";
import { keyRing } from "../../src/sessions/keyring.ts";
import { type Sealer, sealer, type Token } from "../../src/sessions/token.ts";
import { cookiesOf, outcomeOf, SECRETS, TestEdge } from "../support/edge.ts";
import { seeded } from "../support/seeded.ts";

/** MOORING_TOKENS=100000 tries as many as the promise says, in twenty seconds more. */
const IN_ALL = Number(process.env.MOORING_TOKENS ?? 20_000);
/** Requests at once. */
const WIDTH = 100;
const NOW = 1_800_000_000;
const ABSOLUTE = 43_200;
const RETIRED = "a-secret-that-is-retired-of-32-bytes";
const DROPPED = "a-secret-that-was-dropped-of-32-bytes";
const FORMS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const subtle = webcrypto.subtle as SubtleCrypto;
/** Not the edge's seed: the same one would give its sessions the sids of these. */
const chance = seeded(7);
const pick = <T>(items: readonly T[]): T => items[chance.below(items.length)]!;
const sealerOf = async (current: string) => sealer(subtle, await keyRing(subtle, { current }), chance);

/** Another deployment's secret whose key happens to have the same one-byte name as ours: one in 256 has. */
async function namesake(): Promise<Sealer> {
  const [{ kid } = { kid: -1 }] = await keyRing(subtle, SECRETS);
  for (let i = 0; ; i++) {
    const current = `the-secret-of-a-stranger-of-32-bytes-${i}`;
    const [key] = await keyRing(subtle, { current });
    if (key?.kid === kid) return sealerOf(current);
  }
}

describe(`${IN_ALL} hostile cookies through the real steps`, () => {
  let ours: TestEdge;
  let good: string[];
  let kinds: Record<string, () => string>;
  const victims = new Set<string>();

  const token = (parts: Partial<Token> = {}): Token => {
    const sid = [...chance.bytes(16)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    victims.add(sid);
    const { tag } = pick(ours.view.scopes[0]!.pools[0]!.pods).pod;
    const iat = NOW - chance.below(400);
    const life = { iat, exp: iat + ABSOLUTE };
    return { sid, pod: tag, home: tag, epoch: 1 + chance.below(9), ...life, flags: 0, ...parts };
  };

  beforeAll(async () => {
    const pods = (pool: string) =>
      [0, 1, 2].map((i) => ({ id: `${pool}-${i}`, url: `http://127.0.0.1:${i + 1}` }));
    ours = await TestEdge.start({
      secrets: { ...SECRETS, retired: RETIRED },
      now: () => NOW * 1000,
      // A body would cost more than the steps do.
      pod: () => new Response(null),
      config: {
        version: 1,
        explain: true,
        pools: { web: { pods: pods("web") }, webx: { pods: pods("webx") } },
        routes: [{ pool: "web" }, { path: "/x", pool: "webx" }],
      },
    });
    const { edge } = ours;
    const batch = (seal: Sealer, scope: string, parts: () => Partial<Token> = () => ({}), many = 300) =>
      Promise.all(Array.from({ length: many }, () => seal.seal(scope, token(parts()))));
    const old = (by: number) => ({ iat: NOW - by, exp: NOW - by + ABSOLUTE });
    good = await batch(edge.sealer, "web");
    const foreign = await batch(await namesake(), "web");
    const others = (
      await Promise.all(["webx", "we", "web\n", ""].map((scope) => batch(edge.sealer, scope)))
    ).flat();
    const out = await batch(await sealerOf(RETIRED), "web");
    const gone = await batch(await sealerOf(DROPPED), "web");
    // Idle, the longest renewal age, and a minute for the clocks: 1800 + 495 + 60.
    const silent = await batch(edge.sealer, "web", () => old(2356 + chance.below(30_000)));
    const ended = await batch(edge.sealer, "web", () => ({ exp: NOW - 1 - chance.below(1e6) }));
    const ahead = await batch(edge.sealer, "web", () => old(-301 - chance.below(1e6)));
    const revoked: string[] = [];
    for (let i = 0; i < 300; i++) {
      const { sid, epoch, ...rest } = token();
      revoked.push(await edge.sealer.seal("web", { sid, epoch, ...rest }));
      const entry = { seq: i + 1, sid, epoch: epoch + 1, to: null, cause: "revoked", exp: 4e12 } as const;
      edge.feed.hear([entry], i + 1, NOW * 1000);
    }

    const noise = Array.from({ length: 2 ** 16 }, () => FORMS[chance.below(64)]).join("");
    const letters = (length: number) => noise.slice(chance.below(noise.length - length)).slice(0, length);
    const bytesOf = (text: string) => decode(text)!;
    const damaged = (change: (bytes: Uint8Array) => void) => () => {
      const bytes = bytesOf(pick(good));
      change(bytes);
      return encode(bytes);
    };
    const at = (text: string, put: string) => {
      const place = chance.below(text.length);
      return text.slice(0, place) + put + text.slice(place + 1);
    };
    kinds = {
      "one bit flipped": damaged((bytes) => {
        bytes[chance.below(72)]! ^= 1 << chance.below(8);
      }),
      "some bytes changed": damaged((bytes) => {
        // 7 and 72 share no divisor, so no byte is changed twice, and back.
        const first = chance.below(72);
        for (let i = chance.below(20); i >= 0; i--) bytes[(first + 7 * i) % 72]! ^= 1 + chance.below(255);
      }),
      "two spliced": () => {
        const cut = 3 + chance.below(90);
        const [first, second] = [pick(good), pick(good)];
        const both = first.slice(0, cut) + second.slice(cut);
        return both === first || both === second ? at(both, "!") : both;
      },
      "random behind a true head": () => pick(good).slice(0, 3) + letters(93),
      cut: () => pick(good).slice(0, chance.below(96)),
      lengthened: () => pick(good) + letters(1 + chance.below(300)),
      "a stranger to the alphabet in it": () =>
        at(pick(good), pick(["+", "/", "=", "%41", ".", '"', "é", "\u00ff", " ", ";", ","])),
      wrapped: () =>
        pick([(text: string) => `"${text}"`, (text: string) => `${text}==`, (text: string) => ` ="${text}`])(
          pick(good),
        ),
      "of another pool": () => pick(others),
      "of another deployment": () => pick(foreign),
      "of the retired key": () => pick(out),
      "of a dropped key": () => pick(gone),
      "past its idle time": () => pick(silent),
      "past its absolute end": () => pick(ended),
      "from the future": () => pick(ahead),
      "revoked, and sent again": () => pick(revoked),
    };
  });

  it("none is kept: each gets 200 and a new session of its own", async () => {
    const { verified } = ours.view.scopes[0]!;
    const name = ours.view.scopes[0]!.cookie!.plainName;
    const table: Record<string, Record<string, number>> = {};
    const send = async (kind: string, text: string) => {
      const response = await ours.ask("http://shop.test/", {
        headers: { cookie: `a=1; ${name}=${text}; b=2` },
      });
      const [[set, value] = ["", ""]] = cookiesOf(response);
      // What was just sealed is remembered: no need to open it again.
      const session = verified.get(value)?.token;
      const begun = session !== undefined && session.epoch === 1 && !victims.has(session.sid);
      const said = `${response.status} ${outcomeOf(response)}${set === name && begun ? ", new session" : ""}`;
      table[kind] ??= {};
      table[kind][said] = (table[kind][said] ?? 0) + 1;
    };
    const names = Object.keys(kinds);
    for (let sent = 0; sent < IN_ALL; sent += WIDTH) {
      const wave = Array.from({ length: WIDTH }, () => pick(names));
      await Promise.all(wave.map((kind) => send(kind, kinds[kind]!())));
      await ours.idle();
      ours.shipped.length = 0;
    }
    console.table(table);
    const seen = Object.values(table).flatMap((row) => Object.entries(row));
    expect(seen.reduce((sum, [, count]) => sum + count, 0)).toBe(IN_ALL);
    expect(new Set(seen.map(([said]) => said))).toEqual(new Set(["200 bound, new session"]));
  }, 90_000);

  it("while the tokens that they were made of are good: each is kept, without a cookie or a command", async () => {
    const name = ours.view.scopes[0]!.cookie!.plainName;
    const before = ours.store.calls;
    for (const text of good.slice(0, 100)) {
      const response = await ours.ask("http://shop.test/", { headers: { cookie: `${name}=${text}` } });
      expect([response.status, outcomeOf(response), cookiesOf(response)]).toEqual([200, "kept", []]);
    }
    expect(ours.store.calls).toBe(before);
  });

  it("names each session that ended in the ledger once, and no stranger's", () => {
    const causes = new Set(ours.edge.breaks.map(({ cause }) => cause));
    expect(causes).toEqual(new Set(["expired-idle", "expired-absolute", "key-retired"]));
    expect(ours.edge.breaks.every(({ sid }) => victims.has(sid))).toBe(true);
    const named = ours.edge.breaks.map(({ sid, epoch }) => `${sid} ${epoch}`);
    expect(new Set(named).size).toBe(named.length);
  });
});
