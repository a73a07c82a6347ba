import type { KindName } from "../../src/events/catalog.ts";
import { EVENT_STREAM, positionOf } from "../../src/events/stream.ts";
import { rollback } from "./config-write.ts";
import type { Coordinator } from "./coordinator.ts";
import type { EventLog } from "./event-log.ts";
import { STREAMS } from "./event-streams.ts";
import { glance } from "./glance.ts";
import type { PodChange, PoolChange } from "./pods.ts";
import type { RebalanceOrder } from "./rebalance-status.ts";
import { refused } from "./reply.ts";

/** Breaks in one answer at most. */
const BREAKS = 1000;

const TOO_MANY = refused(
  503,
  "too-many-streams",
  `${STREAMS.most} clients follow the events already`,
  "Close one of them, or ask for the list with Accept: application/json.",
);

/** Who asks for a move or a revocation, and of what. */
export interface SessionChange {
  readonly sid: string;
  readonly pool?: string;
  readonly pod?: string;
}

/** The coordinator's own interface, for the edges alone: they have checked who asks and what, and make problems of refusals. */
export async function serve(coordinator: Coordinator, request: Request): Promise<Response> {
  const { pathname, searchParams: query } = new URL(request.url);
  const { config, ledger, pods, sessions } = coordinator;
  const body = async <T>() => (await request.json()) as T;
  switch (`${request.method} ${pathname}`) {
    case "GET /config":
      return Response.json(config.record ?? null);
    case "GET /history":
      return Response.json(config.history());
    case "GET /audit":
      return Response.json(coordinator.audit.page(Number(query.get("limit")), Number(query.get("before"))));
    case "POST /refused":
      return Response.json({ ok: false, status: Number(query.get("status")) });
    case "GET /counts":
      return Response.json({
        requests: ledger.requests(),
        causes: ledger.causes(),
        tallies: ledger.tallies(),
        gauges: coordinator.gauges(),
      });
    case "GET /checkup":
      return Response.json(coordinator.checkup());
    case "GET /alerts":
      return Response.json(coordinator.alerting.rules(Date.now()));
    case "GET /events":
      return events(coordinator.events, query);
    case "GET /glance":
      return Response.json(glance(coordinator, Date.now()));
    case "GET /breaks":
      return Response.json({ ...page(coordinator, query), causes: ledger.causes() });
    case "GET /pods": {
      const limit = Number(query.get("limit") ?? Infinity);
      return Response.json(pods.page(query.get("pool") ?? "", limit, query.get("cursor") ?? undefined));
    }
    case "GET /pod":
      return Response.json(pods.read(query.get("pool") ?? "", query.get("pod") ?? ""));
    case "POST /pod":
      return ordered(coordinator, pods.order(await body<PodChange>(), Date.now()));
    case "POST /foresee":
      return Response.json({ ok: true, ...(await coordinator.foresee(await request.text())) });
    case "POST /rollback":
      return Response.json(
        await rollback(coordinator, await body<{ revision: number; match?: string; who: string }>()),
      );
    case "POST /pool":
      return ordered(coordinator, pods.orderPool(await body<PoolChange>(), Date.now()));
    case "GET /rebalance":
      return Response.json(await coordinator.rebalance.status(query.get("pool") ?? ""));
    case "POST /rebalance":
      return ordered(coordinator, await coordinator.rebalance.start(await body<RebalanceOrder>()));
    case "POST /rebalance/stop":
      return Response.json(await coordinator.rebalance.stop((await body<{ pool: string }>()).pool));
    case "POST /revoke": {
      const { sid } = await body<SessionChange>();
      return Response.json(await sessions.revoke(sid));
    }
    case "POST /move": {
      const { sid, pool, pod } = await body<SessionChange>();
      return Response.json(await sessions.move(sid, pool, pod ?? ""));
    }
    default:
      return Response.json({ error: "the coordinator has no such path" }, { status: 404 });
  }
}

/** The kept ones by pages; or a stream, where `after` says from where on: empty for what is new. */
function events({ ring, streams }: EventLog, query: URLSearchParams): Response {
  const kinds = query.get("kinds")?.split(",") as KindName[] | undefined;
  const after = query.get("after");
  if (after === null) {
    return Response.json({
      ok: true,
      ...ring.before(Number(query.get("before")), Number(query.get("limit")), kinds),
    });
  }
  const stream = streams.open(positionOf(after), kinds);
  if (stream === undefined) return Response.json(TOO_MANY);
  return new Response(stream, { headers: { "content-type": EVENT_STREAM } });
}

/** The order is on the disk; its deadline needs the alarm, and a pod that is let in again may be away. */
async function ordered(coordinator: Coordinator, reply: object): Promise<Response> {
  coordinator.watch();
  await coordinator.schedule();
  return Response.json(reply);
}

function page({ ledger }: Coordinator, query: URLSearchParams) {
  const number = (name: string) => {
    const value = Number(query.get(name) ?? "");
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  };
  const limit = Math.min(number("limit") ?? BREAKS, BREAKS);
  const only = (name: string) => query.get(name) ?? undefined;
  const filter = { pool: only("pool"), sid: only("sid"), cause: only("cause") };
  return ledger.breaks(limit, number("before"), filter);
}
