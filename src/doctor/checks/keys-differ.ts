import type { Check } from "../finding.ts";

/** A token of one edge is none to another that does not hold its key. */
export const keysDiffer: Check = {
  summary: "Edges that disagree on keys: a token that one seals does not open at another",
  threshold: "an active isolate seals with a key that another does not hold",
  look({ isolates }) {
    const known = isolates.filter(({ keys }) => keys.length > 0);
    const sealing: Record<string, number> = {};
    for (const { keys } of known) sealing[keys[0]!] = (sealing[keys[0]!] ?? 0) + 1;
    const without = known.filter(({ keys }) => Object.keys(sealing).some((key) => !keys.includes(key)));
    if (without.length === 0) return [];
    return [
      {
        severity: "error",
        title: "Edges hold different secrets",
        evidence: {
          isolatesByKey: sealing,
          withoutAnothersKey: without.slice(0, 20).map(({ isolate }) => isolate),
        },
        fix: "Give all edges the same MOORING_SECRET. In a rotation every edge must hold the new one as MOORING_SECRET_NEXT before the first seals with it.",
      },
    ];
  },
};
