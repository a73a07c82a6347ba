import type { Scenario } from "../scenario.ts";
import { balance } from "./balance.ts";
import { breaks } from "./breaks.ts";
import { crowd } from "./crowd.ts";
import { detect } from "./detect.ts";
import { drain } from "./drain.ts";
import { herd } from "./herd.ts";
import { herdWithoutStore } from "./herd-without-store.ts";
import { kill } from "./kill.ts";
import { long } from "./long.ts";
import { orders } from "./orders.ts";
import { plan } from "./plan.ts";
import { rotation } from "./rotation.ts";
import { writers } from "./writers.ts";
import { zones } from "./zones.ts";

/**
 * Those that `--quick` leaves out unless they are asked for: the first three measure times, and must have the machine to
 * themselves for longer than it has; what `breaks` checks `long` checks as well.
 */
export const LONG: ReadonlySet<string> = new Set(["balance", "detect", "zones", "breaks"]);

/** Every scenario by the name that `--only` takes, in the order in which they are begun: what takes longest goes first. */
export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  long,
  plan,
  herd,
  "herd-without-store": herdWithoutStore,
  kill,
  rotation,
  detect,
  balance,
  zones,
  breaks,
  orders,
  drain,
  writers,
  crowd,
};
