import { type PodTag, tagToHex } from "../../src/model/pod.ts";
import { PROVISIONAL, type Token } from "../../src/sessions/token.ts";
import type { Call } from "./call.ts";
import { MINTED, QUEUE } from "./document.ts";
import { ANSWERED_BY } from "./forwarder.ts";
import type { Isolate } from "./isolate.ts";
import { readText } from "./sealer.ts";
import { brief, viewKey, type Watch } from "./watch.ts";

/** Longest that a request may spend on anything but pods: the view, and at most four waits for the store. Milliseconds. */
const OWN_TIME = 150 + 4 * 150 + 1;
/** A key is looked up before the request, and what a pod mints is bound after it. Milliseconds. */
const KEYED_TIME = 2 * 150;
/** A cold edge asks four places first, and a probe is waited for at most once before each of five tries. Milliseconds. */
const COLD_TIME = 4 * 600;
const PROBE_TIME = 5 * 501;
/** So is a place at a pod that is at its cap. */
const QUEUE_TIME = 5 * (QUEUE + 1);

/** What a response says, as a client could read it. */
export interface Heard {
  readonly status: number;
  /** Undefined: no pod answered. */
  readonly pod: number | undefined;
  readonly cookie: { readonly name: string; readonly text: string } | undefined;
  /** What a pod has named the client's session. */
  readonly minted: string | undefined;
}

/** Holds responses to the invariants. */
export class Answers {
  readonly #watch: Watch;
  /** Provisional moves by everything that the choice may depend on. */
  readonly #choices = new Map<string, { readonly pod: number; readonly call: number }>();

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  answered(call: Call, isolate: Isolate, response: Response): Heard {
    const watch = this.#watch;
    watch.checks.answers++;
    call.answered = watch.world.loop.now;
    const by = response.headers.get(ANSWERED_BY);
    const lines = response.headers.getSetCookie();
    const cookie = ours(lines);
    const minted = lines
      .find((line) => line.startsWith(`${MINTED}=`))
      ?.slice(MINTED.length + 1)
      .split(";")[0];
    const heard = { status: response.status, pod: by === null ? undefined : Number(by), cookie, minted };
    const token = cookie === undefined ? undefined : readText(cookie.text)?.token;
    this.#named(call, heard, token, response);
    this.#errors(call, isolate, heard);
    this.#slow(call, isolate);
    if (token !== undefined) this.#issued(call, isolate, heard, token, cookie!.text);
    this.#session(call, heard, token, isolate);
    watch.forget(call);
    return heard;
  }

  /** I10. */
  #named(call: Call, { pod, cookie }: Heard, token: Token | undefined, response: Response): void {
    if (cookie === undefined) return;
    const watch = this.#watch;
    if (watch.world.plan.affinity !== "cookie")
      watch.fail("I10", `request ${call.id} set a cookie where none is issued`);
    const said = `request ${call.id} (${response.status})`;
    if (pod === undefined) watch.fail("I10", `${said} set a cookie though no pod answered`);
    if (token === undefined) watch.fail("I10", `${said} set a cookie that is no token`);
    else if (pod !== undefined && token.pod !== pod)
      watch.fail("I10", `${said} set a cookie that names another pod than the one that answered`);
    if (call.spec.shared) watch.fail("I10", `${said} set a cookie that a shared cache may hand out`);
    if (call.spec.method === "PREFLIGHT") watch.fail("I10", `${said} set a cookie on a preflight`);
  }

  /** I3: every error has a cause among the pods; the store adds none. */
  #errors(call: Call, isolate: Isolate, { status, pod }: Heard): void {
    if (status < 500 || pod !== undefined) return;
    const watch = this.#watch;
    const failed = call.sends.some(({ result }) => result === "connect") || this.#unconnected(call, isolate);
    const late = call.sends.some(({ result }) => result === "timeout");
    const view = isolate.views.current;
    const pools = view?.match("shop.test", "/")?.scope.pools ?? [];
    const strict = pools.some(({ pool }) => pool.strict || pool.failover === "none");
    // A newer view may have come while it waited.
    const open = call.open && pools.some((pool) => pool.shared.live > 0);
    const explained =
      (status === 502 && failed) ||
      (status === 504 && late) ||
      (status === 503 && (failed || call.decided === undefined || strict || !open || this.#crowded(call)));
    if (!explained) watch.fail("I3", `request ${call.id} got ${status}, and no pod was to blame`);
  }

  /** Whether no place was left where the request had to go, or anywhere at all for one that was bound nowhere any more. */
  #crowded({ isolate, demand, sends }: Call): boolean {
    const { places, world } = this.#watch;
    const bound = demand.want === "keep" && sends.length === 0 ? demand.pod : undefined;
    return places.mayBeFull(isolate, world.loop.now, bound);
  }

  /** Whether the request may have waited for a place: at a pod that it was sent to, or where it got none. */
  #queued(call: Call): boolean {
    const { places } = this.#watch;
    return call.sends.some(({ key }) => places.capOf(key) !== undefined) || this.#crowded(call);
  }

  #unconnected(call: Call, isolate: Isolate): boolean {
    return isolate.probes.some(({ ended, well }) => !well && ended >= call.arrived);
  }

  /** I3: bounded latency. */
  #slow(call: Call, isolate: Isolate): void {
    const watch = this.#watch;
    const own = call.answered! - call.arrived - call.podTime;
    const probed = isolate.probes.some(({ ended }) => ended >= call.arrived);
    const cold = call.decided === undefined || call.decided - call.arrived > 151;
    const keyed = watch.world.plan.affinity === "cookie" ? 0 : KEYED_TIME;
    const queued = this.#queued(call) ? QUEUE_TIME : 0;
    const bound = OWN_TIME + keyed + (probed ? PROBE_TIME : 0) + (cold ? COLD_TIME : 0) + queued;
    if (own > bound)
      watch.fail("I3", `request ${call.id} took ${Math.round(own)} ms of the edge's own, over ${bound}`);
  }

  #issued(call: Call, isolate: Isolate, heard: Heard, token: Token, text: string): void {
    const watch = this.#watch;
    const { world } = watch;
    watch.issued.set(text, { token, at: world.loop.now });
    watch.note(token.sid, token.epoch, token.pod);
    const before = call.token;
    if (before?.sid !== token.sid) {
      if (watch.closed(call, token.pod) && this.#stillClosed(call, token)) {
        watch.fail("I4", `request ${call.id} began a session at a pod that takes none`);
      }
      return;
    }
    if (token.epoch < before.epoch) {
      watch.fail(
        "I2",
        `request ${call.id} carried epoch ${before.epoch} of ${brief(token.sid)} and got ${token.epoch}`,
      );
    }
    if (token.exp !== before.exp) watch.fail("I5", `request ${call.id} got another absolute expiry`);
    const provisional = (token.flags & PROVISIONAL) !== 0;
    if (provisional && token.epoch === before.epoch + 1 && heard.pod !== before.pod)
      this.#agree(call, token, before);
    if (provisional && token.epoch > before.epoch && this.#isStrict(isolate, token.pod)) {
      watch.fail(
        "I2",
        `request ${call.id} moved ${brief(token.sid)} into a strict pool, and no store confirmed it`,
      );
    }
  }

  /** As the config has it: no change of it touches that here. */
  #isStrict({ views }: Isolate, tag: PodTag): boolean {
    const pool = views.current?.pools.find(({ pods }) => pods.some(({ pod }) => pod.tag === tag));
    return this.#watch.world.plan.pools.find(({ name }) => name === pool?.pool.name)?.strict === true;
  }

  /** An order may have been taken back while the request waited. */
  #stillClosed(call: Call, token: Token): boolean {
    const isolate = this.#watch.world.isolates[call.edge];
    const runtime = isolate?.views.current?.pools
      .flatMap((pool) => pool.pods)
      .find((pod) => pod.pod.tag === token.pod);
    return runtime !== undefined && !runtime.meaning.tried;
  }

  /** I3: edges with the same view choose the same pod. */
  #agree(call: Call, token: Token, before: Token): void {
    const watch = this.#watch;
    watch.checks.samePod++;
    const isolate = watch.world.isolates[call.edge];
    // Heard meanwhile: who knows by which of the two it went.
    if (isolate === undefined || viewKey(isolate) !== call.viewKey) return;
    const probes = isolate.probes.filter(({ ended, well }) => !well && ended >= call.arrived);
    const lost = call.sends.filter(({ result }) => result === "connect" || result === "timeout");
    const failed = [...lost, ...probes].map(({ key }) => key);
    const dead = [...new Set(failed)].sort().join(",");
    // An edge that could not reach the home of late does not send it back there, which is its own business.
    const avoided = call.demand.want === "move" && call.demand.avoided === true;
    const key = `${before.sid} ${before.epoch} ${before.pod} ${call.viewKey} ${dead} ${avoided}`;
    const other = this.#choices.get(key);
    if (other === undefined) this.#choices.set(key, { pod: token.pod, call: call.id });
    else if (other.pod !== token.pod) {
      watch.fail(
        "I3",
        `requests ${other.call} and ${call.id} had one view and moved ${brief(token.sid)} to two pods`,
      );
    }
  }

  /** An edge that was told after a move or a revocation was announced gives no good name to a token from before it. */
  #obeys(call: Call, pod: PodTag, token: Token | undefined, before: Token): void {
    const watch = this.#watch;
    const { coordinator, loop, plan } = watch.world;
    const said = coordinator.announced.get(before.sid);
    if (said === undefined || said.at >= call.toldAt) return;
    // Nothing lives at an epoch that was revoked.
    if (before.epoch > said.epoch || (before.epoch === said.epoch && said.to !== undefined)) return;
    // When a session ends, clocks may differ by what they differ; with its end the feed forgets it.
    const apart = Math.max(...plan.skews.map(Math.abs));
    if (coordinator.reborn > said.at || loop.now + apart >= before.exp * 1000) return;
    const moved = said.to !== undefined && (pod === said.to || (token?.epoch ?? 0) >= said.epoch);
    const obeyed = (token !== undefined && token.sid !== before.sid) || moved;
    const order = said.to === undefined ? "revoked" : "moved";
    if (!obeyed)
      watch.fail("I5", `request ${call.id} used a token of epoch ${before.epoch}, ${order} at ${said.epoch}`);
  }

  /** I5 and the moves that the ledger must have. */
  #session(call: Call, { pod, status }: Heard, token: Token | undefined, isolate: Isolate): void {
    const watch = this.#watch;
    const before = call.token;
    if (pod === undefined || before === undefined) return;
    if (call.demand.want === "new" && token?.sid === before.sid) {
      watch.fail("I5", `request ${call.id} kept its session (${status}), though ${call.demand.why}`);
    }
    const preflight = call.spec.method === "PREFLIGHT";
    if (!preflight && !call.spec.shared) this.#obeys(call, pod, token, before);
    if (token === undefined && (call.demand.want !== "keep" || pod !== before.pod))
      watch.untold.add(before.sid);
    if (call.demand.want === "new" || pod === before.pod || preflight) return;
    if (token !== undefined && token.sid !== before.sid) return;
    watch.checks.moves++;
    watch.moves.push({
      sid: before.sid,
      since: before.epoch,
      epoch: token?.epoch,
      to: pod,
      isolate: isolate.name,
      provisional: token === undefined || (token.flags & PROVISIONAL) !== 0,
    });
  }
}

/** Our Set-Cookie, taken apart. */
function ours(lines: readonly string[]): { name: string; text: string } | undefined {
  for (const line of lines) {
    const [pair = ""] = line.split(";");
    const at = pair.indexOf("=");
    if (pair.slice(0, at).includes("mooring")) return { name: pair.slice(0, at), text: pair.slice(at + 1) };
  }
  return undefined;
}

/** For traces: `web/1a2b3c… epoch 2`. */
export function tokenText(token: Token): string {
  const { sid, pod, epoch, flags } = token;
  return `${brief(sid)} epoch ${epoch} at ${tagToHex(pod).slice(0, 6)}${flags & PROVISIONAL ? " provisional" : ""}`;
}
