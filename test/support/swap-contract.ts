import { beforeAll, describe, expect, it } from "vitest";
import type { BindingStore, Swapped } from "../../src/model/ports.ts";
import { arrange, binding, type Corrupt, FAR, freshPod, freshSid, KEEP, swap } from "./bindings.ts";
import { seeded } from "./seeded.ts";
import { CAUSED, SWAP_CASES } from "./swap-cases.ts";

/** All the ways to merge the steps of `clients` programs of `steps` steps each, as lists of who is next. */
function interleavings(clients: number, steps: number): number[][] {
  const left = Array.from({ length: clients }, () => steps);
  const merge = (): number[][] => {
    if (left.every((rest) => rest === 0)) return [[]];
    return left.flatMap((rest, client) => {
      if (rest === 0) return [];
      left[client] = rest - 1;
      const orders = merge().map((order) => [client, ...order]);
      left[client] = rest;
      return orders;
    });
  };
  return merge();
}

/** The compare-and-set of a binding store: every row, races, interleavings, random calls. */
export function swapContract(opened: () => BindingStore, corrupt: Corrupt | undefined): void {
  describe("compare-and-set", () => {
    let store: BindingStore;
    beforeAll(() => {
      store = opened();
    });

    it.each(SWAP_CASES.filter(({ holds }) => corrupt !== undefined || holds !== "corrupt"))(
      "$op (knows: $knows) where the store is $holds: $verdict at $epoch",
      async (row) => {
        const { sid, pods, homes, token, stored } = await arrange(store, corrupt, row.holds);
        const known = row.knows ? token : { ...token, epoch: 0, pod: pods.to };
        const answer = await store.swap(swap(row.op, known, { to: pods.to, cause: CAUSED.swap }), KEEP);
        const cause = row.cause === "stored" || row.cause === "swap" ? CAUSED[row.cause] : row.cause;
        const home = row.home === "to" ? pods.to : homes[row.home];
        const holds = { epoch: row.epoch, pod: pods[row.pod], home, cause };
        const from = row.from === "none" ? undefined : pods[row.from];
        expect(answer).toEqual({ verdict: row.verdict, ...holds, from });
        const fresh = row.created === "swap";
        const outlives = !fresh && stored!.exp > FAR;
        const life = {
          created: fresh ? token.created : 1000,
          exp: outlives ? FAR + 5000 : FAR,
          via: "web@*",
        };
        const left = row.left === "as it was" ? stored : { sid, ...holds, ...life, state: row.left };
        expect(await store.read(sid)).toEqual(left);
      },
    );

    it("lets one of 64 racing rebinds win; the others follow it", async () => {
      for (let round = 0; round < 4; round++) {
        const token = binding();
        await store.create(token, KEEP);
        const answers = await Promise.all(
          Array.from({ length: 64 }, () => store.swap(swap("rebind", token, { to: freshPod() }), KEEP)),
        );
        const winners = answers.filter(({ verdict }) => verdict === "WON");
        expect(winners).toHaveLength(1);
        const followed = { ...winners[0]!, verdict: "ADOPT", from: winners[0]!.pod };
        expect(answers.filter(({ verdict }) => verdict !== "WON")).toEqual(Array(63).fill(followed));
        expect(await store.read(token.sid)).toMatchObject({ epoch: 2, pod: winners[0]!.pod });
      }
    });

    it("lets one of 64 racing creates of a key begin it; the others follow it", async () => {
      const sid = freshSid();
      for (const [epoch, cause] of [
        [1, ""],
        [3, "revoked"],
      ] as const) {
        const racing = Array.from({ length: 64 }, () => binding({ sid, epoch: 0 }));
        const answers = await Promise.all(racing.map((one) => store.swap(swap("create", one), KEEP)));
        const [winner, ...more] = answers.filter(({ verdict }) => verdict === "WON");
        expect(more).toEqual([]);
        expect(winner).toMatchObject({ epoch, cause, home: winner!.pod });
        const followed = { ...winner!, verdict: "ADOPT", from: winner!.pod };
        expect(answers.filter(({ verdict }) => verdict !== "WON")).toEqual(Array(63).fill(followed));
        await store.swap(swap("revoke", binding({ sid, epoch, pod: winner!.pod })), KEEP);
      }
    });

    it("lets one of 64 racing rebinds win where the store lost the session", async () => {
      const token = binding({ epoch: 9 });
      const answers = await Promise.all(
        Array.from({ length: 64 }, () => store.swap(swap("rebind", token, { to: freshPod() }), KEEP)),
      );
      expect(answers.filter(({ verdict }) => verdict === "WON")).toHaveLength(1);
      expect(new Set(answers.map(({ epoch, pod }) => `${epoch} ${pod}`)).size).toBe(1);
      expect(answers[0]!.epoch).toBe(10);
    });

    it("keeps (sid, epoch) to one winner in every interleaving of three edges that move and move again", async () => {
      const play = async (order: number[]) => {
        const token = binding();
        await store.create(token, KEEP);
        const seen: (Swapped | undefined)[] = [undefined, undefined, undefined];
        const won: string[] = [];
        for (const client of order) {
          const last = seen[client];
          // First away from the dead pod; then, as where it went is dead too, away from there.
          const call =
            last === undefined
              ? swap("rebind", token, { to: freshPod() })
              : swap("rebind2", { ...token, epoch: last.epoch, pod: last.pod }, { to: freshPod() });
          const answer = await store.swap(call, KEEP);
          expect(answer.epoch, order.join()).toBeGreaterThanOrEqual(call.epoch);
          if (answer.verdict === "WON") won.push(`epoch ${answer.epoch}`);
          else expect(answer.verdict).toBe("ADOPT");
          seen[client] = answer;
        }
        expect(new Set(won).size, order.join()).toBe(won.length);
        expect((await store.read(token.sid))?.epoch).toBe(1 + won.length);
      };
      const orders = interleavings(3, 2);
      expect(orders).toHaveLength(90);
      await Promise.all(orders.map(play));
    });

    it("never lets an epoch go down, over random calls with tokens old, current and provisional", async () => {
      const random = seeded(7);
      const pods = Array.from({ length: 4 }, freshPod);
      const ops = ["touch", "rebind", "rebind2", "create", "find", "revoke"] as const;
      for (let game = 0; game < 6; game++) {
        const tokens = [binding({ pod: pods[random.below(4)]! })];
        const { sid } = tokens[0]!;
        let epoch = 0;
        for (let step = 0; step < 40; step++) {
          const old = tokens[random.below(tokens.length)]!;
          const provisional = random.below(5) === 0;
          const token = provisional ? { ...old, epoch: old.epoch + 1, pod: pods[random.below(4)]! } : old;
          const kind = random.below(8);
          if (kind === 0) await store.create(token, KEEP);
          else if (kind < 3) await store.renew(token, KEEP);
          else {
            // Revocations end most games early, so they are rare.
            const op = ops[random.below(random.below(6) === 0 ? 6 : 5)]!;
            const answer = await store.swap(swap(op, token, { to: pods[random.below(4)]! }), KEEP);
            expect(answer.epoch).toBeGreaterThanOrEqual(token.epoch);
            if (answer.verdict !== "REVOKED") tokens.push({ ...token, epoch: answer.epoch, pod: answer.pod });
          }
          const now = (await store.read(sid))?.epoch ?? 0;
          expect(now, `game ${game}, step ${step}`).toBeGreaterThanOrEqual(epoch);
          epoch = now;
        }
        expect(epoch).toBeGreaterThan(1);
      }
    });
  });
}
