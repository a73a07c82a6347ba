import * as z from "zod/mini";
import type { Policy } from "./policy.ts";

/** A session's pod follows from its key: every edge picks the same one, and a pod that is out moves its own keys only. */
export const consistentHash: Policy<Record<string, never>> = {
  name: "consistent-hash",
  summary: "Places a session by the hash of its key; a change of pods moves the fewest sessions.",
  options: z.strictObject({}),
  load: false,
  build(_pods, _options, { table }) {
    return { pick: ({ key }, standing) => table().lookup(key, standing) };
  },
};
