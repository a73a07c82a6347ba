import type { Check } from "../finding.ts";

/** Nonces are random: NIST SP 800-38D, 8.3, allows 2^32 of 96 bits under one key. This leaves time to rotate. */
const WORN = 2 ** 30;

/** A key has sealed so many tokens that it must be replaced. */
export const keyWorn: Check = {
  summary: "Expiring keys: a secret in use has sealed so many tokens that it must be rotated",
  threshold: "2^30 tokens under one key of an active isolate; 2^32 is the end",
  look({ sealed, isolates }) {
    const used = new Set(isolates.flatMap(({ keys }) => keys.slice(0, 1)));
    return [...used].flatMap((key) => {
      const count = sealed[key] ?? 0;
      if (count < WORN) return [];
      return [
        {
          severity: count >= 2 ** 32 ? ("error" as const) : ("warning" as const),
          title: "The secret that seals tokens is nearly worn out",
          evidence: { key, tokensSealed: count, limit: 2 ** 32 },
          fix: "Rotate it: the new one as MOORING_SECRET_NEXT on all edges, then as MOORING_SECRET with this one as MOORING_SECRET_PREVIOUS. Nobody loses a session by it.",
        },
      ];
    });
  },
};
