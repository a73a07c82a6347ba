import { expect, it } from "vitest";
import type { Binding, Cause } from "../../src/model/binding.ts";
import { type Scene, scene } from "../support/scene.ts";

/** What others have done at the store, that no edge has heard of. */
async function others({ edge, token, podOf }: Scene, epoch: number, id: string, cause: Cause) {
  const { sid } = await token();
  const held = edge.store.bindings.get(sid) as Binding;
  edge.store.bindings.set(sid, { ...held, epoch, pod: podOf(id).tag, cause });
}

const told = ({ edge }: Scene) =>
  edge.edge.breaks.splice(0).map(({ epoch, from, to, cause }) => ({ epoch, from, to, cause }));

it("a session that others had brought back to the pod that never answered here left that one, for its reason", async () => {
  // Found by the simulator, seed 88391: it was told to have left its first pod for the second one's reason.
  const stage = await scene(4);
  const { edge, dead, ask, home, health } = stage;
  health({ [home]: "disabled" });
  const swap = edge.store.swap.bind(edge.store);
  let tried = "";
  edge.store.swap = async (what) => {
    const answer = await swap(what);
    edge.store.swap = swap;
    tried = edge.view.pools[0]!.pods.find(({ pod }) => pod.tag === answer.pod)!.pod.id;
    dead.add(tried);
    await others(stage, 4, tried, "pod-gone");
    return answer;
  };
  const { pod } = await ask();
  expect(pod).not.toBe(tried);
  expect(told(stage)).toEqual([
    { epoch: 2, from: home, to: tried, cause: "moved-by-operator" },
    { epoch: 5, from: tried, to: pod, cause: "pod-gone" },
  ]);
});

it("a way home that the store was too late for, and that led to a dead pod, nobody went", async () => {
  // Found by the simulator, seed 47771: another had moved the session meanwhile, and the cause told was that of the way home.
  const health = { readiness: { path: "/ready" } };
  const stage = await scene(4, { failover: "temporary", health });
  const { edge, dead, ask, home, others: rest } = stage;
  stage.health({ [home]: "down" });
  const { pod: away } = await ask();
  told(stage);
  const elsewhere = rest.find((id) => id !== away)!;
  stage.health({});
  dead.add(home);
  const swap = edge.store.swap.bind(edge.store);
  edge.store.swap = async () => {
    edge.store.swap = swap;
    await others(stage, 3, elsewhere, "pod-gone");
    throw new Error("too late");
  };
  expect(await ask()).toMatchObject({ pod: elsewhere });
  expect(told(stage)).toEqual([{ epoch: 3, from: away, to: elsewhere, cause: "pod-gone" }]);
});
