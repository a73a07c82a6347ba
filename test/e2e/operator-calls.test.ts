import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/fleet/wait.ts";
import { Operated, podPath, redis, type Session } from "../support/operated.ts";

describe(`an operator's calls, with ${redis ? "Redis" : "the durable store"}`, () => {
  let operated: Operated;

  beforeAll(async () => {
    operated = await Operated.start();
  }, 60_000);
  afterAll(async () => operated?.stop());

  it("lists sessions with what is known of them, page by page", async () => {
    const all: Session[] = [];
    await eventually(
      async () => {
        all.length = 0;
        let cursor: string | null = "";
        do {
          const path: string = `/v1/sessions?pool=web&limit=7${cursor === "" ? "" : `&cursor=${cursor}`}`;
          const { json } = await operated.admin.get<{ sessions: Session[]; cursor: string | null }>(path, 1);
          expect(json.sessions.length).toBeLessThanOrEqual(7);
          all.push(...json.sessions);
          cursor = json.cursor;
        } while (cursor !== null);
        return all.length;
      },
      (length) => length === 60,
    );
    const sids = await Promise.all(operated.jars.map((jar) => operated.sidOf(jar)));
    expect(all.map(({ sid }) => sid).sort()).toEqual([...sids].sort());
    for (const session of all) {
      expect(Object.keys(session).sort()).toEqual(
        ["sid", "pool", "pod", "home", "epoch", "created", "seen", "expires"].sort(),
      );
      expect(session).toMatchObject({ pool: "web", home: session.pod, epoch: 1 });
      // Just created: it was seen then, within the seconds to which a token's times are rounded.
      expect(Math.abs(session.seen - session.created)).toBeLessThanOrEqual(2000);
      expect(session.expires).toBeGreaterThan(session.seen);
    }
    const [first] = all;
    expect((await operated.admin.get<Session>(`/v1/sessions/${first!.sid}`)).json).toEqual(first);
    const { json } = await operated.admin.get<{ pods: { id: string; sessions: number; state: string }[] }>(
      "/v1/pools/web/pods",
    );
    for (const { id, sessions, state } of json.pods) {
      expect(sessions).toBe(all.filter((session) => session.pod === id).length);
      expect(state).toBe("ready");
    }
    expect((await operated.admin.get("/v1/pools")).json).toMatchObject({
      pools: [
        { name: "web", policy: "consistent-hash", pods: 3, states: { ready: 3 }, sessions: 60 },
        { name: "lone" },
      ],
    });
  });

  it("says what is wrong with a request, and what to do", async () => {
    const sid = await operated.sidOf((await operated.on("web-2"))[0]!);
    const own = `/v1/sessions/${sid}`;
    const nobody = `/v1/sessions/${"0".repeat(32)}`;
    const cases: [string, string, object | undefined, number, string][] = [
      ["GET", "/v1/pools/none/pods", undefined, 404, "no-such-pool"],
      ["PATCH", podPath("none"), { state: "ready" }, 404, "no-such-pod"],
      ["PATCH", podPath("web-1"), { state: "gone" }, 422, "invalid-request"],
      ["PATCH", podPath("none"), { weight: 3 }, 404, "no-such-pod"],
      ["PATCH", podPath("web-1"), { weight: -1 }, 422, "invalid-request"],
      ["PATCH", podPath("web-1"), { state: "draining", deadline: 30 }, 422, "invalid-request"],
      ["PATCH", podPath("web-1"), { state: "disabled", deadline: "5m" }, 422, "invalid-request"],
      ["GET", nobody, undefined, 404, "no-such-session"],
      ["DELETE", nobody, undefined, 404, "no-such-session"],
      ["POST", `${nobody}/move`, { pod: "web-1" }, 404, "no-such-session"],
      ["POST", `${own}/move`, { pod: "web-3" }, 409, "other-scope"],
      ["POST", `${own}/move`, { pod: "web-9" }, 422, "no-such-pod"],
      ["POST", `${own}/move`, {}, 422, "invalid-request"],
      ["GET", "/v1/sessions?cursor=x", undefined, 400, "invalid-query"],
      ["GET", "/v1/sessions?pod=none", undefined, 404, "no-such-pod"],
      ["GET", "/v1/ledger?cause=x", undefined, 400, "invalid-query"],
      ["GET", `${podPath("web-1")}/drained?wait=1`, undefined, 400, "invalid-query"],
      ["DELETE", "/v1/ledger", undefined, 405, "method"],
    ];
    for (const [method, path, body, status, code] of cases) {
      const options = body === undefined ? {} : { body };
      const answer = await operated.admin.send<{ detail: string }>(method, path, options);
      expect(answer, `${method} ${path}`).toMatchObject({ status, json: { code } });
      expect(answer.headers["content-type"]).toBe("application/problem+json");
      expect(answer.json.detail).not.toBe("");
    }
  });
});
