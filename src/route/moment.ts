import type { ZoneSplit } from "../policies/zones.ts";

/** What choices go by beside config, health, key and chance; arrays by `Pod.index`. Plain data. */
export interface Moment {
  readonly out: readonly number[];
  readonly slow?: readonly number[] | undefined;
  readonly inflight?: readonly number[] | undefined;
  readonly share?:
    | {
        readonly others: readonly number[];
        readonly worth: readonly number[];
        readonly m: number;
        readonly tau: number;
        readonly at: number;
      }
    | undefined;
  readonly alone: boolean;
  readonly split?: ZoneSplit | undefined;
  readonly picker?: readonly number[] | undefined;
}
