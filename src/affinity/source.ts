import type * as z from "zod/mini";

/**
 * Where stickiness is read. One file each, one line in the registry.
 * In `cookie` the client holds a token of ours; `none` leaves requests unkeyed.
 */
export interface AffinitySource<Options = unknown> {
  readonly name: string;
  /** One sentence for docs and console. */
  readonly summary: string;
  /** Parses the options and fills in defaults; durations come out in milliseconds. */
  readonly options: z.ZodMiniType<Options>;
}
