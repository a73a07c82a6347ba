/** What the header `Mooring-Decision` says about one request. */
export interface SeenDecision {
  readonly outcome: "kept" | "bound" | "moved" | "unkeyed" | "refused";
  readonly pool: string | undefined;
  readonly pod: string | undefined;
  readonly from: string | undefined;
  readonly cause: string | undefined;
  readonly revision: number | undefined;
}

export function parseDecision(header: string | null): SeenDecision | undefined;
