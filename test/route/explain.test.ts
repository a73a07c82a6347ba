import { describe, expect, it } from "vitest";
import { explain } from "../../src/route/explain.ts";
import { View } from "../../src/route/view.ts";
import { PROVISIONAL } from "../../src/sessions/token.ts";
import { testCore } from "../support/core.ts";
import { cookiesOf, outcomeOf, type TestEdge } from "../support/edge.ts";
import { type Scene, scene, URL } from "../support/scene.ts";

/** What is explained of a request, and what then becomes of it. */
async function both(edge: TestEdge, headers: HeadersInit) {
  const { view } = edge;
  const shadow = new View(view.stamp, view.snapshot, [], testCore(), undefined, Date.now());
  const request = { url: URL, method: "GET", headers: new Headers(headers), body: null };
  const { outcome, pod } = await explain(edge.edge, view, shadow, request as unknown as Request);
  const answer = await edge.ask(URL, { headers });
  await edge.idle();
  return { explained: { outcome, pod }, done: { outcome: outcomeOf(answer), pod: await answer.text() } };
}

/** The cookie of the scene's session, as a client that is away from its home has it. */
async function away({ edge, token, podOf, others }: Scene): Promise<HeadersInit> {
  const at = { ...(await token()), epoch: 2, pod: podOf(others[0]!).tag };
  return { cookie: `${edge.view.scopes[0]!.cookie!.plainName}=${await edge.edge.sealer.seal("web", at)}` };
}

describe("an explanation", () => {
  it("sends no session home that this edge could not reach just now: the edge itself waits", async () => {
    const stage = await scene(2, { failover: "temporary" });
    const { edge, home, others } = stage;
    const headers = await away(stage);
    const suspect = edge.view.pools[0]!.pods.find(({ pod }) => pod.id === home)!;
    suspect.suspect(Date.now());
    const { explained, done } = await both(edge, headers);
    expect(done).toEqual({ outcome: "kept", pod: others[0]! });
    expect(explained).toEqual(done);
    suspect.suspectUntil = 0;
    const back = await both(edge, headers);
    expect(back.done).toEqual({ outcome: "moved", pod: home });
    expect(back.explained).toEqual(back.done);
  });

  it("asks no store whose breaker is open: it told of an answer that the edge would not have", async () => {
    const stage = await scene(3);
    const { edge, home, others, moveInStore, token } = stage;
    await moveInStore(others[0]!);
    const { sid, epoch, pod } = await token();
    const cookie = `${edge.view.scopes[0]!.cookie!.plainName}=${await edge.edge.sealer.seal("web", await token())}`;
    edge.edge.settlements.set(sid, { epoch, pod, ahead: true });
    const fail = () => Promise.reject(new Error("the store is down"));
    for (let i = 0; i < 5; i++) await edge.edge.guard.background(fail);
    expect(edge.edge.guard.open).toBe(true);
    const { explained, done } = await both(edge, { cookie });
    expect(done).toEqual({ outcome: "kept", pod: home });
    expect(explained).toEqual(done);
    // One that begins is provisional then.
    const begun = await edge.ask(URL);
    const [name, text] = cookiesOf(begun)[0]!;
    expect(name).toBe(edge.view.scopes[0]!.cookie!.plainName);
    expect((await edge.edge.sealer.open("web", text))!.token.flags).toBe(PROVISIONAL);
  });
});
