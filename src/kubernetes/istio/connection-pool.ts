import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { bool, int, oneOf } from "../read.ts";
import { duration } from "./read.ts";

const INT32 = 2 ** 31 - 1;
const OWN = "the runtime holds connections to pods itself";
const COUNTS = "an edge counts for each pod and isolate, and not for a whole Service";

/** Why a setting has no effect, by its name; what is a duration there is checked as one. */
const TCP: Readonly<Record<string, readonly [read: "count" | "time", why: string]>> = {
  maxConnections: ["count", `${COUNTS}: maxInFlight in native config is its bound`],
  connectTimeout: ["time", "the runtime bounds this itself"],
  maxConnectionDuration: ["time", OWN],
  idleTimeout: ["time", OWN],
};
const HTTP: typeof TCP = {
  http1MaxPendingRequests: ["count", `${COUNTS}: maxInFlight and queue in native config are its bounds`],
  http2MaxRequests: ["count", `${COUNTS}: maxInFlight in native config is its bound`],
  maxRequestsPerConnection: ["count", OWN],
  maxRetries: ["count", "retries are bounded by their share of the requests: retry.budget in native config"],
  idleTimeout: ["time", OWN],
  maxConcurrentStreams: ["count", OWN],
};

/** connectionPool: what Envoy would refuse is an error, and each setting that an edge does not have is told by its name. */
export function readConnectionPool(field: Field): void {
  const [tcp, http] = [field.at("tcp"), field.at("http")];
  if (!tcp.present && !http.present) {
    field.refuse(new Fault("has neither tcp nor http", "write one of the two, or leave it out"));
    return;
  }
  tell(tcp, TCP);
  tell(http, HTTP);
  const alive = tcp.at("tcpKeepalive");
  for (const name of ["time", "interval"]) alive.at(name).read(duration(1));
  alive.ignore(OWN);
  const upgrade = http.at("h2UpgradePolicy");
  const policy = upgrade.read(oneOf("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"));
  const same = http.at("useClientProtocol");
  if (same.read(bool) && policy === "UPGRADE")
    same.refuse(new Fault("excludes h2UpgradePolicy: UPGRADE", "leave one of the two out"));
  for (const one of [upgrade, same]) one.ignore(OWN);
}

function tell(field: Field, settings: typeof TCP): void {
  for (const [name, [kind, why]] of Object.entries(settings)) {
    const at = field.at(name);
    const found = kind === "count" ? at.read(int(0, INT32)) : at.read(duration(1));
    // 0 is what is not set.
    if (found !== 0 && found !== undefined) at.ignore(why);
  }
}
