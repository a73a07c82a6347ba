import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Admin } from "../../tools/fleet/admin.ts";
import { Tokens } from "../../tools/fleet/token.ts";
import { ADMIN, SECRET, type Stack, startStack } from "../support/stack.ts";
import { type Opened, open, type Peer, type SocketPod, startSocketPod } from "../support/web-socket.ts";

const RESTART = { code: 1012, reason: "service restart" };

/** A client's end of a socket, the pod's, and the cookie that the 101 brought. */
interface Line {
  readonly client: Peer;
  readonly pod: Peer;
  readonly id: string;
  readonly cookie: string;
}

/** Sockets at one edge, the operator at another: what they hear they hear by heartbeats that they keep going themselves. */
describe("sockets whose session must leave its pod", () => {
  let pods: SocketPod[];
  let stack: Stack;
  let admin: Admin;
  const tokens = new Tokens({ current: SECRET });
  const config = (web: readonly object[]) => ({
    version: 1,
    pools: {
      web: { pods: web, webSocket: { onDrain: "close", jitter: "1s" }, health: { panic: "0%" } },
      plain: { pods: [{ id: "plain-0", url: pods[0]!.url }] },
      even: {
        policy: { "least-request": { choices: "all" } },
        pods: pods.slice(0, 2).map(({ id, url }) => ({ id: `even-${id}`, url })),
        webSocket: { onDrain: "close" },
      },
      capped: {
        pods: [{ id: "capped-0", url: pods[2]!.url }],
        maxInFlight: 2,
        timeouts: { queue: "20s" },
        webSocket: { onDrain: "close" },
      },
    },
    routes: [
      { path: "/capped", pool: "capped" },
      { path: "/", pool: "web" },
      { path: "/plain", pool: "plain" },
      { path: "/even", pool: "even" },
    ],
  });
  const listed = () => pods.map(({ id, url }) => ({ id, url }));

  beforeAll(async () => {
    pods = await Promise.all(["web-0", "web-1", "web-2", "web-3"].map((id) => startSocketPod(id)));
    stack = await startStack({ edges: 2, config: config(listed()) });
    admin = new Admin([stack.edges[1]!.url], ADMIN);
  });
  afterAll(async () => {
    await stack?.stop();
    for (const pod of pods) pod.stop();
  });

  async function line(path = "/", cookie?: string): Promise<Line> {
    const before = pods.map(({ peers }) => peers.length);
    const opened: Opened = await open(stack.url, { path, cookie });
    expect(opened.status).toBe(101);
    const at = pods.findIndex(({ peers }, i) => peers.length > before[i]!);
    return {
      client: opened.peer,
      pod: pods[at]!.peers.at(-1)!,
      id: pods[at]!.id,
      cookie: opened.cookie ?? cookie ?? "",
    };
  }

  /** Sockets of new sessions, until the pod has so many; all that came about. */
  async function linesAt(id: string, count: number): Promise<Line[]> {
    const lines: Line[] = [];
    while (lines.filter((other) => other.id === id).length < count) lines.push(await line());
    return lines;
  }

  let said = 0;
  async function echoes({ client }: Line): Promise<boolean> {
    const word = `word ${++said}`;
    const had = (await client.messages(0)).length;
    client.send(word);
    return (await client.messages(had + 1))[had] === word;
  }

  const hangUp = (lines: readonly Line[]) => {
    for (const { client } of lines) client.close(1000);
  };
  const patch = async (id: string, body: object) => {
    const { status, body: text } = await admin.send("PATCH", `/v1/pools/web/pods/${id}`, { body });
    expect(status, text).toBe(200);
  };

  it("are closed with 1012 on both sides at the drain's deadline, one after another, and no other is", async () => {
    const lines = await linesAt("web-0", 12);
    const leaving = lines.filter(({ id }) => id === "web-0");
    const staying = lines.filter(({ id }) => id !== "web-0");
    await patch("web-0", { state: "draining", deadline: "2s" });
    // They stay to the deadline.
    for (const each of leaving) expect(await echoes(each)).toBe(true);
    await Promise.race(leaving.map(({ client }) => client.ended));
    // Not all at once: of eleven others the last still talks, unless every one of them fell into the same instant.
    const open = leaving.filter(({ client }) => !client.socket.destroyed && !client.socket.readableEnded);
    expect((await Promise.all(open.map(echoes))).some(Boolean)).toBe(true);
    for (const { client, pod } of leaving) {
      expect(await client.ended).toEqual(RESTART);
      expect(await pod.ended).toEqual(RESTART);
    }
    for (const each of staying) expect(await echoes(each)).toBe(true);
    const back = await line("/", leaving[0]!.cookie);
    expect(back.id).not.toBe("web-0");
    expect(back.cookie).not.toBe(leaving[0]!.cookie);
    hangUp([...staying, back]);
    await patch("web-0", { state: "ready" });
  });

  it("are closed when their pod is disabled", async () => {
    const lines = await linesAt("web-1", 2);
    await patch("web-1", { state: "disabled" });
    for (const each of lines) {
      if (each.id === "web-1") expect(await each.client.ended).toEqual(RESTART);
      else expect(await echoes(each)).toBe(true);
    }
    hangUp(lines.filter(({ id }) => id !== "web-1"));
    await patch("web-1", { state: "ready" });
  });

  it("are closed when their session is moved or revoked, and no other's at the same pod", async () => {
    const [first, second, third] = (await linesAt("web-2", 3)).filter(({ id }) => id === "web-2");
    const sid = async ({ cookie }: Line) =>
      (await tokens.open(cookie.slice(cookie.indexOf("=") + 1), "web"))!.sid;
    const again = await line("/", first!.cookie);
    expect(again.id).toBe("web-2");
    // The store hears of it after the 101.
    while ((await admin.get(`/v1/sessions/${await sid(first!)}`)).status === 404)
      await admin.get("/v1/pools");
    const move = await admin.send("POST", `/v1/sessions/${await sid(first!)}/move`, {
      body: { pod: "web-3" },
    });
    expect(move.status, move.body).toBe(200);
    for (const { client } of [first!, again]) expect(await client.ended).toEqual(RESTART);
    expect((await line("/", first!.cookie)).id).toBe("web-3");
    const revoke = await admin.send("DELETE", `/v1/sessions/${await sid(second!)}`);
    expect(revoke.status, revoke.body).toBeLessThan(300);
    expect(await second!.client.ended).toEqual(RESTART);
    expect(await second!.pod.ended).toEqual(RESTART);
    expect(await echoes(third!)).toBe(true);
  });

  it("are closed when a newer config has no such pod, or another one behind its id", async () => {
    const lines = [...(await linesAt("web-2", 1)), ...(await linesAt("web-3", 1))];
    const changed = listed()
      .filter(({ id }) => id !== "web-2")
      .map((pod) => (pod.id === "web-3" ? { ...pod, generation: 1 } : pod));
    expect((await admin.putConfig(config(changed))).status).toBe(200);
    for (const each of lines) {
      if (each.id === "web-2" || each.id === "web-3") expect(await each.client.ended).toEqual(RESTART);
      else expect(await echoes(each)).toBe(true);
    }
    hangUp(lines);
    expect((await admin.putConfig(config(listed()))).status).toBe(200);
  });

  it("stay with a pool that says nothing of them, as nothing can close what passes untouched", async () => {
    const untouched = await line("/plain");
    const other = (await linesAt("web-0", 1)).at(-1)!;
    const body = { state: "disabled" };
    await admin.send("PATCH", "/v1/pools/plain/pods/plain-0", { body });
    await patch("web-0", body);
    expect(await other.client.ended).toEqual(RESTART);
    expect(await echoes(untouched)).toBe(true);
    untouched.client.socket.destroy();
    await patch("web-0", { state: "ready" });
  });

  it("are cut without a word when an end is lost, and leave the heartbeat to those that are left", async () => {
    const lines = await linesAt("web-1", 4);
    const [kept, ...lost] = lines.filter(({ id }) => id === "web-1").toReversed();
    for (const { pod } of lost) pod.socket.resetAndDestroy();
    for (const { client } of lost) expect(await client.ended).toEqual({ code: 1006, reason: "" });
    await patch("web-1", { state: "draining", deadline: "1s" });
    expect(await kept!.client.ended).toEqual(RESTART);
    hangUp(lines);
    await patch("web-1", { state: "ready" });
  });

  it("count as in flight as long as they are open: least-request fills pods evenly by them", async () => {
    const lines: Line[] = [];
    for (let i = 0; i < 12; i++) lines.push(await line("/even"));
    const at = (id: string, of: readonly Line[]) => of.filter((each) => each.id === id);
    expect([at("web-0", lines).length, at("web-1", lines).length]).toEqual([6, 6]);
    for (const { client, pod } of at("web-0", lines)) {
      client.close(1000);
      expect((await pod.ended).code).toBe(1000);
      expect((await client.ended).code).toBe(1000);
    }
    const more: Line[] = [];
    for (let i = 0; i < 6; i++) more.push(await line("/even"));
    expect(at("web-0", more)).toHaveLength(6);
    hangUp([...at("web-1", lines), ...more]);
  });

  /** A waiter was let in by the handshake before it, whose socket took its own place anew: the cap was passed by one each. */
  it("keep the place at a capped pod that their handshake took, and give it back when they end", async () => {
    const [first] = [await line("/capped"), await line("/capped")];
    const waiters = Array.from({ length: 4 }, () =>
      open(stack.url, { path: "/capped", cookie: first!.cookie }),
    );
    let come = 0;
    for (const waiter of waiters) void waiter.then(() => ++come);
    for (let i = 1; i <= waiters.length; i++) {
      const before = pods[2]!.peers.length;
      // As many come as go, in their order.
      const { peer } = i === 1 ? { peer: first!.client } : await waiters[i - 2]!;
      expect(come).toBe(i - 1);
      peer.close(1000);
      await waiters[i - 1];
      expect(pods[2]!.peers.length).toBe(before + 1);
    }
  });

  it("are closed with 1013 when too much waits for a side that does not read", async () => {
    const piece = Buffer.alloc(64 * 1024, 1);
    /** Sends as fast as the connection takes it, until a closing comes back or far too much has gone. */
    const flood = async (from: Peer): Promise<number> => {
      let size = 0;
      let over = false;
      void from.ended.then(() => {
        over = true;
      });
      while (!over && size < 400 * 1024 * 1024) {
        size += piece.length;
        if (!from.send(piece))
          await Promise.race([new Promise((go) => from.socket.once("drain", go)), from.ended]);
      }
      return size;
    };
    for (const side of ["client", "pod"] as const) {
      const each = await line();
      const [reader, writer] = side === "client" ? [each.client, each.pod] : [each.pod, each.client];
      reader.socket.pause();
      // What lies in the kernel's and the runtime's buffers besides the 8 MiB is a few more.
      expect(await flood(writer)).toBeLessThan(64 * 1024 * 1024);
      expect((await writer.ended).code).toBe(1013);
      reader.socket.resume();
      expect((await reader.ended).code).toBe(1013);
    }
  });
});
