import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../wait.ts";
import type { Shopper } from "./shopper.ts";
import { SECRETS, type Stage } from "./stage.ts";

/** Something that happens to a fleet, from when it begins until all is as before but for what is said. */
export type Step = (stage: Stage) => Promise<void>;

/** A pod dies while `meanwhile` lasts, and comes back with an empty memory. */
async function without(stage: Stage, meanwhile: () => Promise<unknown>): Promise<void> {
  const id = stage.one(stage.pods);
  stage.say(`kill ${id}`);
  const over = stage.journal.act("pod-gone", { pod: id });
  const back = stage.journal.away("pod", id);
  await stage.fleet.pod(id).kill();
  await meanwhile();
  await stage.fleet.pod(id).revive();
  await stage.ready();
  over();
  back();
}

/** Nothing passes on these wires while `meanwhile` lasts. */
async function partitioned(
  stage: Stage,
  names: readonly string[],
  meanwhile: () => Promise<unknown>,
): Promise<void> {
  stage.say(`partition ${names.join(", ")}`);
  const faults = await Promise.all(names.map((name) => stage.wire(name).inject("partition")));
  await meanwhile();
  for (const fault of faults) await fault.lift();
}

const edgesOf = (stage: Stage) => stage.fleet.edges.map((edge) => edge.name);

/** Sessions of a kind that are held now, by their clients. */
function holders(stage: Stage, kind: Shopper["kind"], count: number): Shopper[] {
  const held = stage.shoppers.filter((shopper) => shopper.kind === kind && shopper.held !== undefined);
  return stage.some(held, count);
}

/** An edge out of rotation until it has told what it knows, killed, and back. */
async function restartEdge(
  stage: Stage,
  edge: number,
  env: Record<string, string | undefined>,
): Promise<void> {
  await stage.door.takeOut(edge);
  // What an edge has recorded since its last heartbeat dies with it: it beats once a second, and once more when it is idle.
  await sleep(2000);
  await stage.fleet.edges[edge]!.restart({ env });
  stage.door.putIn(edge);
}

/** Until somebody new has come while a pod takes no new session: else that it gets none would say nothing. */
async function newcomer({ journal }: Stage): Promise<void> {
  const before = journal.newcomers;
  await eventually(
    async () => journal.newcomers,
    (count) => count > before,
  );
}

/** Every step by its name; a script is a list of them. */
export const STEPS = {
  "pod-kill": (stage) => without(stage, () => stage.hold()),

  blink: (stage) => without(stage, () => sleep(100)),

  "pod-kill-without-store": async (stage) => {
    const over = stage.journal.away("store");
    const wires = edgesOf(stage).map((name) => `${name} store`);
    await partitioned(stage, wires, () => without(stage, () => stage.hold()));
    over();
  },

  "pod-kill-without-coordinator": async (stage) => {
    const over = stage.journal.away("coordinator");
    stage.say("kill the coordinator");
    await stage.fleet.coordinator.kill();
    await without(stage, async () => {
      await stage.hold();
      await stage.fleet.coordinator.restart();
    });
    over();
  },

  "scale-out": async (stage) => {
    const { id } = await stage.fleet.addPod();
    stage.say(`scale out by ${id}`);
    stage.listed.set(id, 2);
    await stage.put();
    await stage.ready();
    await stage.hold();
  },

  "scale-in": async (stage) => {
    const id = stage.one(stage.pods);
    stage.say(`scale in by ${id}`);
    stage.journal.act("config-change", { pod: id });
    stage.listed.delete(id);
    await stage.put();
    await stage.hold();
    // Every edge has the config by now: nothing is sent there any more.
    await stage.fleet.pod(id).kill();
  },

  weights: async (stage) => {
    for (const id of stage.pods) stage.listed.set(id, 1 + Math.floor(4 * stage.draw()));
    stage.say(`weights ${[...stage.listed].map(([id, weight]) => `${id}=${weight}`).join(" ")}`);
    await stage.put();
    await stage.hold();
  },

  drain: async (stage) => {
    const id = stage.one(stage.pods);
    stage.say(`drain ${id}`);
    const seconds = Math.max(1, Math.round(stage.options.hold / 1000));
    await stage.order(id, { state: "draining", deadline: `${seconds}s` });
    const over = stage.journal.act("drain-deadline", { pod: id });
    const until = Date.now() + seconds * 1000 + 1500;
    await stage.heard("draining");
    const open = stage.journal.close(id);
    await sleep(Math.max(0, until - Date.now()));
    await stage.hold();
    await newcomer(stage);
    open();
    await stage.order(id, { state: "ready" });
    over();
    await stage.ready();
  },

  disable: async (stage) => {
    const id = stage.one(stage.pods);
    stage.say(`disable ${id}`);
    const over = stage.journal.act("moved-by-operator", { pod: id });
    await stage.order(id, { state: "disabled" });
    await stage.heard("disabled");
    const open = stage.journal.close(id);
    await stage.hold();
    await newcomer(stage);
    open();
    await stage.order(id, { state: "ready" });
    over();
    await stage.ready();
  },

  move: async (stage) => {
    for (const [kind, count] of [
      ["cookie", 12],
      ["keyed", 4],
      ["learned", 4],
    ] as const) {
      for (const shopper of holders(stage, kind, count)) {
        if (shopper.held === undefined) continue;
        const { sid, pod } = shopper.held;
        const to = stage.one(stage.pods.filter((id) => id !== pod));
        const over = stage.journal.act("moved-by-operator", { sid });
        const answer = await stage.fleet.admin.send("POST", `/v1/sessions/${sid}/move`, {
          body: { pod: to },
        });
        // After the store has lost everything it knows nothing of a session until that is renewed or moves.
        if (answer.status !== 200) stage.say(`move of ${shopper.name}: ${answer.status}`);
        over();
      }
    }
    stage.say("moved sessions by hand");
    await stage.hold();
  },

  revoke: async (stage) => {
    for (const [kind, count] of [
      ["cookie", 8],
      ["keyed", 4],
      ["learned", 4],
    ] as const) {
      for (const shopper of holders(stage, kind, count)) {
        // Who was taken for its session may have found it lost since.
        if (shopper.held === undefined) continue;
        const { sid } = shopper.held;
        const over = stage.journal.act("revoked", { sid });
        const answer = await stage.fleet.admin.send("DELETE", `/v1/sessions/${sid}`);
        if (answer.status !== 200) stage.say(`revocation of ${shopper.name}: ${answer.status}`);
        over();
      }
    }
    stage.say("revoked sessions");
    await stage.hold();
  },

  "redis-restart": async (stage) => {
    stage.say("kill Redis");
    const over = stage.journal.away("store");
    await stage.fleet.redis!.kill();
    await stage.hold();
    await stage.fleet.redis!.restart();
    over();
  },

  "redis-pause": async (stage) => {
    stage.say("pause Redis");
    const over = stage.journal.away("store");
    stage.fleet.redis!.pause();
    await stage.hold();
    stage.fleet.redis!.resume();
    over();
  },

  "coordinator-restart": async (stage) => {
    stage.say("kill the coordinator");
    const over = stage.journal.away("coordinator");
    await stage.fleet.coordinator.kill();
    await stage.hold();
    await stage.fleet.coordinator.restart();
    over();
    await stage.ready();
  },

  "edge-restart": async (stage) => {
    const edge = stage.one(stage.door.open);
    stage.say(`restart edge-${edge}`);
    await restartEdge(stage, edge, {});
  },

  /** The second and third step of a rotation, each at every edge in turn; the first is how the fleet began. */
  rotate: async (stage) => {
    const [before, after] = [SECRETS[stage.key], SECRETS[++stage.key]];
    stage.say("seal with the next key");
    for (const edge of stage.door.open) {
      const env = { MOORING_SECRET: after, MOORING_SECRET_NEXT: undefined, MOORING_SECRET_PREVIOUS: before };
      await restartEdge(stage, edge, env);
    }
    await stage.hold();
  },

  /** And the first step of the next one. */
  "retire-key": async (stage) => {
    stage.say("drop the key before");
    // Whoever has not asked since the rotation would rightly be refused: that is another scenario's.
    await Promise.all(stage.shoppers.map((shopper) => shopper.ask()));
    const env = { MOORING_SECRET_PREVIOUS: undefined, MOORING_SECRET_NEXT: SECRETS[stage.key + 1] };
    for (const edge of stage.door.open) await restartEdge(stage, edge, env);
  },

  "partition-store": async (stage) => {
    const over = stage.journal.away("store");
    await partitioned(stage, [`${stage.one(edgesOf(stage))} store`], () => stage.hold());
    over();
  },

  /** A config that is written meanwhile must be heard of afterwards. */
  "partition-coordinator": async (stage) => {
    const over = stage.journal.away("coordinator");
    const cut = stage.one(stage.door.open);
    await partitioned(stage, [`edge-${cut} coordinator`], async () => {
      for (const id of stage.pods) stage.listed.set(id, 1 + Math.floor(4 * stage.draw()));
      await stage.put(stage.one(stage.door.open.filter((edge) => edge !== cut)));
      await stage.hold();
    });
    over();
  },

  "partition-coordinator-store": async (stage) => {
    const over = stage.journal.away("store");
    await partitioned(stage, ["coordinator store"], () => stage.hold());
    over();
  },

  "partition-pod": async (stage) => {
    const id = stage.one(stage.pods);
    const over = stage.journal.act("pod-gone", { pod: id });
    const back = stage.journal.away("silent-pod", id);
    await partitioned(stage, [`pod ${id}`], () => stage.hold());
    await stage.ready();
    over();
    back();
  },
} satisfies Record<string, Step>;

export type StepName = keyof typeof STEPS;

/** Those during which edges do without their store. */
export const WITHOUT_STORE: ReadonlySet<StepName> = new Set([
  "pod-kill-without-store",
  "redis-restart",
  "redis-pause",
  "partition-store",
]);
