import { Fault } from "../../config/fault.ts";
import type { Field } from "../field.ts";
import { bool, int, oneOf } from "../read.ts";
import { duration, within } from "./read.ts";

/** What connectionPool says of a pool: `maxInFlight` and `queue` in native config. */
export type Connections = Readonly<Record<string, number>>;

const INT32 = 2 ** 31 - 1;
const MOST = 100_000;
const OWN = "the runtime holds connections to pods itself";
const EACH =
  "it bounds the requests in flight at each pod, of each isolate: there it is of the whole Service, at each proxy";

/** Settings that have no effect, and why: counts, and durations, which are checked as such. */
const COUNTS = { maxRequestsPerConnection: OWN, maxConcurrentStreams: OWN } as const;
const RETRIES = "retries are bounded by their share of the requests: retry.budget in native config";
const TIMES = {
  tcp: { connectTimeout: "the runtime bounds this itself", maxConnectionDuration: OWN, idleTimeout: OWN },
  http: { idleTimeout: OWN },
} as const;

/** connectionPool: what Envoy would refuse is an error, and each setting that an edge does not have is told by its name. */
export function readConnectionPool(field: Field): Connections {
  const [tcp, http] = [field.at("tcp"), field.at("http")];
  if (!tcp.present && !http.present) {
    field.refuse(new Fault("has neither tcp nor http", "write one of the two, or leave it out"));
    return {};
  }
  for (const [name, why] of Object.entries(COUNTS))
    ignored(http.at(name), http.at(name).read(int(0, INT32)), why);
  ignored(http.at("maxRetries"), http.at("maxRetries").read(int(0, INT32)), RETRIES);
  for (const [at, times] of [
    [tcp, TIMES.tcp],
    [http, TIMES.http],
  ] as const)
    for (const [name, why] of Object.entries(times)) {
      // 0s turns off tcp.idleTimeout alone: the others Istio refuses.
      const least = at === tcp && name === "idleTimeout" ? 0 : 1;
      ignored(at.at(name), at.at(name).read(duration(least)), why);
    }
  const alive = tcp.at("tcpKeepalive");
  for (const name of ["time", "interval"]) alive.at(name).read(duration(1));
  alive.ignore(OWN);
  const upgrade = http.at("h2UpgradePolicy");
  const policy = upgrade.read(oneOf("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"));
  const same = http.at("useClientProtocol");
  if (same.read(bool) && policy === "UPGRADE")
    same.refuse(new Fault("excludes h2UpgradePolicy: UPGRADE", "leave one of the two out"));
  for (const one of [upgrade, same]) one.ignore(OWN);
  return bounds(tcp, http);
}

/** The lower of both bounds, as a connection of HTTP/1 carries one request; who waits is bounded where they are. */
function bounds(tcp: Field, http: Field): Connections {
  const most = [tcp.at("maxConnections"), http.at("http2MaxRequests")].flatMap((field) => {
    const found = field.read(int(0, INT32)) ?? 0;
    if (found > 0) field.tell("changed", EACH);
    return found > 0 ? within(field, found, 1, MOST) : [];
  });
  const pending = http.at("http1MaxPendingRequests");
  const queue = pending.read(int(0, INT32)) ?? 0;
  if (most.length === 0) {
    ignored(pending, queue, "nobody waits without maxConnections or http2MaxRequests");
    return {};
  }
  const maxInFlight = Math.min(...most);
  if (queue === 0) return { maxInFlight };
  pending.tell("changed", "it bounds those who wait for a place at one pod, at each isolate");
  return { maxInFlight, queue: within(pending, queue, 0, MOST) };
}

/** 0 is what is not set. */
function ignored(field: Field, found: number | undefined, why: string): void {
  if (found !== 0 && found !== undefined) field.ignore(why);
}
