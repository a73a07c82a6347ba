import { dice } from "./dice.ts";
import { type ConfigDocument, changed } from "./document.ts";
import type { PlanEvent, RequestEvent } from "./plan.ts";
import { readText } from "./sealer.ts";
import type { World } from "./world.ts";

/** Makes one event of a schedule happen. */
export function happen(world: World, event: PlanEvent, index: number): void {
  const { loop, net, store, coordinator, plan } = world;
  if (event.kind !== "request") world.trace.say(loop.now, `* ${JSON.stringify(event)}`);
  const pod = "pool" in event && "pod" in event ? podOf(world, event.pool, event.pod) : undefined;
  switch (event.kind) {
    case "request":
      burst(world, event, index);
      return;
    case "pod":
      if (pod !== undefined) world.pods.of(pod).mode = event.mode;
      return;
    case "config":
      void configure(world, event);
      if (event.twice) void configure(world, event);
      return;
    case "operator":
      if (pod !== undefined) byOperator(world, () => coordinator.order(pod.tag, event.state, event.deadline));
      return;
    case "weigh":
      if (pod !== undefined) byOperator(world, () => coordinator.weigh(pod, event.weight));
      return;
    case "canary":
      byOperator(world, () => coordinator.orderPool(event.pool, event.state, event.deadline));
      return;
    case "move":
    case "revoke":
      void operate(world, event);
      return;
    case "rotate":
      rotate(world, event.retire);
      return;
    case "store":
      store.mode = event.mode;
      if (event.mode === "lying") world.lied = true;
      loop.after(event.lasts, () => {
        store.mode = "up";
      });
      return;
    case "failover":
      world.trace.say(loop.now, `  the store lost ${store.failover(event.lag)} writes`);
      return;
    case "cut":
      net.cut(event.a, event.b, event.how);
      loop.after(event.lasts, () => net.heal(event.a, event.b));
      trouble(world, event.a, event.b, event.lasts);
      return;
    case "edge":
      if (event.edge >= plan.skews.length) return;
      world.stopEdge(event.edge);
      loop.after(event.lasts, () => world.isolates[event.edge] ?? world.startEdge(event.edge));
      return;
    case "coordinator":
      if (!coordinator.up) return;
      coordinator.crash(event.disk === "lost");
      deafen(world, event.lasts);
      loop.after(event.lasts, () => void coordinator.start(world.bundled));
  }
}

function burst(world: World, event: RequestEvent, index: number): void {
  const { plan, loop, clients } = world;
  const client = clients[event.client];
  if (client === undefined) return;
  const chance = dice(plan.seed, `burst ${index}`);
  const edges = plan.skews.length;
  for (let i = 0; i < event.count; i++) {
    const edge = (event.edge + (event.around ? i : 0)) % edges;
    loop.after(event.spread * chance.fraction(), () => void world.request(client, edge, event));
  }
}

export function podOf(world: World, pool: string, index: number) {
  const found = world.coordinator.snapshot?.pools.find(({ name }) => name === pool);
  return found?.pods.find(({ id }) => id === `${pool}-${index}`);
}

/** An order that finds the coordinator down is refused, and nobody waits for it. */
function byOperator(world: World, order: () => void): void {
  if (world.coordinator.up) order();
}

/** PUT /config through an edge, which catches up before it answers. */
async function configure(world: World, event: PlanEvent & { kind: "config" }): Promise<void> {
  const { coordinator, net, loop, trace, plan } = world;
  const isolate = world.isolates[event.edge % plan.skews.length];
  const record = coordinator.record;
  if (isolate === undefined || record === undefined || !coordinator.up) return;
  const document = changed(JSON.parse(record.document) as ConfigDocument, event.change);
  const text = JSON.stringify(document);
  if (text === record.document) return;
  const me = `edge-${isolate.index}`;
  const alive = () => isolate.alive;
  let revision: number | undefined;
  try {
    revision = await net.call(me, "coordinator", alive, () => coordinator.put(text, record.revision), 5000);
    if (revision === undefined) return trace.say(loop.now, "  412: another was quicker");
    await isolate.heartbeat.catchUp(revision);
  } catch {
    // The writer gets 503; whether it was written is for the next reader to see.
    return;
  }
  const held = isolate.views.current?.stamp;
  if (held !== undefined && held.incarnation === record.incarnation && held.revision < revision) {
    world.watch.fail(
      "I6",
      `${isolate.name} answered the writer of revision ${revision} and holds ${held.revision}`,
    );
  }
}

async function operate(world: World, event: PlanEvent & { kind: "move" | "revoke" }): Promise<void> {
  const { coordinator, clients, loop, trace } = world;
  const newest = clients[event.client]?.newest;
  const token = newest === undefined ? undefined : readText(newest)?.token;
  if (token === undefined || !coordinator.up) return;
  world.watch.operated.add(token.sid);
  const pods = coordinator.snapshot?.pools.find(({ name }) => name === "web")?.pods ?? [];
  const to = event.kind === "move" ? pods[event.pod % pods.length] : undefined;
  if (event.kind === "move" && to === undefined) return;
  try {
    const done =
      to === undefined ? await coordinator.revoke(token.sid) : await coordinator.move(token.sid, to);
    trace.say(loop.now, `  ${event.kind} of ${token.sid.slice(0, 8)}: ${done}`);
  } catch {
    trace.say(loop.now, `  ${event.kind} of ${token.sid.slice(0, 8)}: the store failed`);
  }
}

/** Three deployments: the new key verifies, then seals, and in the end the old one is refused. */
function rotate(world: World, retire: boolean): void {
  const { current } = world.ring;
  if (current >= 15) return;
  const next = current + 1;
  deploy(world, { current, next, previous: undefined, retired: undefined }, 0);
  deploy(world, { current: next, next: undefined, previous: current, retired: undefined }, 6000);
  if (!retire) return;
  world.loop.after(12_000, () => world.retired.add(current));
  deploy(world, { current: next, next: undefined, previous: undefined, retired: current }, 12_000);
}

/** Edges get a deployment one after another, as new isolates. */
function deploy(world: World, ring: World["ring"], begins: number): void {
  world.loop.after(begins, () => {
    // A rotation that was begun later has taken over.
    if (ring.current < world.ring.current) return;
    world.ring = ring;
    for (let edge = 0; edge < world.plan.skews.length; edge++) {
      world.loop.after(edge * 500, () => {
        if (world.isolates[edge] !== undefined) world.startEdge(edge);
      });
    }
  });
}

/** What a cut makes of the pods and edges on its ends: nobody can say that nothing was wrong with them. */
function trouble(world: World, a: string, b: string, lasts: number): void {
  const edge = a.startsWith("edge-") ? Number(a.slice(5)) : undefined;
  if (b === "coordinator" && edge !== undefined) deafen(world, lasts, edge);
  const mark = () => {
    for (const pod of world.pods.all()) if (pod.key.includes(`/${b}/`)) pod.trouble();
  };
  mark();
  world.loop.after(lasts, mark);
}

/** Edges that cannot reach the coordinator for a while; all of them, or one. */
function deafen(world: World, lasts: number, edge?: number): void {
  const mark = () => {
    for (const i of edges) world.unreachable(i);
  };
  const edges = edge === undefined ? world.plan.skews.map((_, i) => i) : [edge];
  for (let ms = 0; ms <= lasts; ms += 2000) world.loop.after(ms, mark);
  world.loop.after(lasts, mark);
}
