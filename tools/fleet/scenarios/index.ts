import type { Scenario } from "../scenario.ts";
import { breaks } from "./breaks.ts";
import { herd } from "./herd.ts";
import { herdWithoutStore } from "./herd-without-store.ts";
import { rotation } from "./rotation.ts";

/** Every scenario by the name that `--only` takes, in the order in which they are run. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  herd,
  "herd-without-store": herdWithoutStore,
  rotation,
  breaks,
};
