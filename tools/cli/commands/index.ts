import { apply } from "./apply.ts";
import { audit } from "./audit.ts";
import { canary } from "./canary.ts";
import { doctor } from "./doctor.ts";
import { drain } from "./drain.ts";
import { events } from "./events.ts";
import { explain } from "./explain.ts";
import { history } from "./history.ts";
import { ledger } from "./ledger.ts";
import { plan } from "./plan.ts";
import { pods } from "./pods.ts";
import { pools } from "./pools.ts";
import { rebalance } from "./rebalance.ts";
import { rollback } from "./rollback.ts";
import { sessions } from "./sessions.ts";
import { state } from "./state.ts";
import { status } from "./status.ts";
import { sync } from "./sync.ts";
import { translate } from "./translate.ts";
import { weigh } from "./weigh.ts";

/** The registry: a command is its file and its line here. Usage derives from it. */
export const commands = {
  status,
  pools,
  pods,
  sessions,
  ledger,
  events,
  audit,
  doctor,
  plan,
  translate,
  apply,
  sync,
  history,
  rollback,
  drain,
  state,
  rebalance,
  canary,
  weigh,
  explain,
} as const;
