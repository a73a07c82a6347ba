import type { Shipment } from "../../src/route/edge.ts";
import type { Token } from "../../src/sessions/token.ts";
import type { Call } from "./call.ts";
import { podKey } from "./pods.ts";
import { isReplayable, type Watch } from "./watch.ts";

/** Holds what leaves an edge for a pod to the invariants. */
export class Departures {
  readonly #watch: Watch;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  sent(call: Call, shipment: Shipment): void {
    const before = call.sends.at(-1);
    const name = `request ${call.id}`;
    if (before !== undefined && before.ended === undefined) {
      this.#watch.fail("I4", `${name} was sent to ${shipment.pod.id} while ${before.key} had it`);
      return;
    }
    const pool = this.#watch.world.plan.pools.find((one) => call.sends[0]?.key.startsWith(`${one.name}/`));
    if (pool !== undefined && call.sends.length >= pool.attempts) {
      this.#watch.fail("I7", `${name} was sent once more than ${pool.attempts} times`);
    }
    const known = before?.result === "connect" || (before?.result === "timeout" && pool?.onTimeout);
    if (before !== undefined && !known) {
      this.#watch.fail("I7", `${name} was sent again after ${before.result}`);
    }
    if (before !== undefined && !isReplayable(call))
      this.#watch.fail("I7", `${name} may not be sent again, and was`);
    this.#caps(call, shipment);
    this.#resets(call, shipment);
    this.#leaves(call, shipment);
    this.#stays(call, shipment);
    this.#clean(call, shipment);
  }

  /** No edge has more requests at a pod than its pool says. */
  #caps(call: Call, { pod }: Shipment): void {
    const { places } = this.#watch;
    const key = podKey(pod);
    const most = places.capOf(key);
    if (most !== undefined && places.waiting(call.isolate, key) >= most)
      this.#watch.fail(
        "cap",
        `request ${call.id} is one more than the ${most} that ${call.isolate} ${key} may have`,
      );
  }

  /**
   * I1: one reset moves no session. Only a pod at which a probe of this edge found no connection either loses it, or that was
   * too late where the pool tries that again.
   */
  #resets(call: Call, { pod }: Shipment): void {
    const [first] = call.sends;
    if (
      first === undefined ||
      call.demand.want !== "keep" ||
      first.pod !== call.token?.pod ||
      pod.tag === first.pod
    )
      return;
    const probed = this.#watch.world.isolates[call.edge]?.probes.some(
      ({ key, ended, well }) => !well && key === first.key && ended >= call.arrived,
    );
    const late = call.sends.some(({ key, result }) => key === first.key && result === "timeout");
    if (!probed && !late)
      this.#watch.fail("I1", `request ${call.id} left ${first.key} for ${pod.id} without a probe`);
  }

  /** I4: a pod that keeps nothing gets none of its sessions back, as long as there is another to go to. */
  #leaves(call: Call, { pod }: Shipment): void {
    const { demand, token } = call;
    if (demand.want !== "move" || demand.elsewhere !== true || pod.tag !== token?.pod) return;
    const pools = this.#watch.world.isolates[call.edge]?.views.current?.pools ?? [];
    const still = pools.flatMap(({ pods }) => pods).find((runtime) => runtime.pod.tag === pod.tag);
    if (this.#begins(call, token)) return;
    // Heard meanwhile that it keeps them again, or that no other is left.
    if (still?.keep === true || !pools.some(({ shared }) => shared.live > 0)) return;
    this.#watch.fail("I4", `request ${call.id} went to ${pod.id}, which keeps nothing (${still?.state})`);
  }

  /**
   * Whether the session was revoked, so that whoever brings it begins another: which may try, once none that is admitted can be
   * reached, what nobody told to stop.
   */
  #begins(call: Call, { sid, epoch }: Token): boolean {
    const { world } = this.#watch;
    const stored = world.store.get(sid);
    if (stored?.state !== "R" || stored.epoch < epoch) return false;
    const isolate = world.isolates[call.edge];
    const now = isolate?.clock.now() ?? 0;
    const pools = isolate?.views.current?.pools ?? [];
    return pools.every(({ pods, shared }) =>
      pods.every(
        ({ pod, suspectUntil }) =>
          shared.out[pod.index] !== 0 ||
          suspectUntil > now ||
          call.sends.some(({ pod: tag, result }) => tag === pod.tag && result !== undefined),
      ),
    );
  }

  #stays(call: Call, { pod }: Shipment): void {
    if (call.sends.length > 0 || pod.tag === call.token?.pod) {
      if (call.demand.want === "keep") this.#watch.checks.kept++;
      return;
    }
    const { demand } = call;
    const must = this.#watch.mustKeep.get(call);
    if (demand.want !== "keep" && must === undefined) return;
    const isolate = this.#watch.world.isolates[call.edge];
    // A probe of this very request that found no connection lets it go elsewhere before anything was sent.
    const bound = must ?? (demand.want === "keep" ? demand.pod : undefined);
    const probed = isolate?.probes.some(
      ({ pod, ended, well }) => !well && ended >= call.arrived && pod === bound,
    );
    if (probed) return;
    if (demand.want === "keep" && demand.pod !== pod.tag) {
      this.#watch.fail("I1", `request ${call.id} has a good token of another pod, and went to ${pod.id}`);
      return;
    }
    if (must !== undefined && must !== pod.tag) {
      this.#watch.fail("I1", `request ${call.id} left a pod at which nothing was wrong, for ${pod.id}`);
    }
  }

  /** I8, as far as there are headers here. */
  #clean(call: Call, { headers, method, rest }: Shipment): void {
    const sent = new Headers(headers);
    const said = `request ${call.id}`;
    if (sent.get("x-forwarded-for") !== call.ip)
      this.#watch.fail("I8", `${said} brought its own X-Forwarded-For`);
    if (sent.has("forwarded") || sent.has("x-real-ip"))
      this.#watch.fail("I8", `${said} brought an identity along`);
    if (sent.get("cookie")?.includes("mooring") === true)
      this.#watch.fail("I8", `${said} showed the pod its token`);
    const verb = call.spec.method === "PREFLIGHT" ? "OPTIONS" : call.spec.body ? "PUT" : call.spec.method;
    if (method !== verb || rest !== "/cart?n=1") this.#watch.fail("I8", `${said} became ${method} ${rest}`);
  }
}
