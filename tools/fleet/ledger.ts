import type { Breaks, Fleet } from "./fleet.ts";

export type LedgerEntry = Breaks["breaks"][number];

/** Everything that the ledger lists, oldest first: the newest 10,000. */
export async function wholeLedger(fleet: Pick<Fleet, "internal">): Promise<LedgerEntry[]> {
  const all: LedgerEntry[] = [];
  let before = "";
  for (;;) {
    const page = await fleet.internal<{ breaks: LedgerEntry[]; cursor: number | null }>(
      `/breaks?limit=1000${before}`,
    );
    all.push(...page.breaks);
    if (page.cursor === null) return all.reverse();
    before = `&before=${page.cursor}`;
  }
}
