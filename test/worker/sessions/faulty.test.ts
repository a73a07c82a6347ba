import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { BindingStore } from "../../../src/model/ports.ts";
import { AnswerError } from "../../../worker/sessions/answer.ts";
import { DurableStore } from "../../../worker/sessions/durable.ts";
import { redisClient } from "../../../worker/sessions/redis.ts";
import { UpstashSnapshot } from "../../../worker/sessions/snapshot.ts";
import { UpstashStore } from "../../../worker/sessions/upstash.ts";
import { binding, freshPod, KEEP, NOW, swap } from "../../support/bindings.ts";

const JSON_TYPE = { "content-type": "application/json" };
const says =
  (body: string, status = 200, type: Record<string, string> = JSON_TYPE): RequestListener =>
  (_, response) =>
    void response.writeHead(status, type).end(body);

/** Answers from which no method may take anything. */
const FAULTS: Record<string, RequestListener> = {
  "500": says('{"error":"internal"}', 500),
  "500 with a result": says('{"result":"OK"}', 500),
  "503 in HTML": says("<h1>Service Unavailable</h1>", 503, { "content-type": "text/html" }),
  "401": says('{"error":"Unauthorized"}', 401),
  "429": says('{"error":"ERR max requests limit exceeded"}', 429, { ...JSON_TYPE, "retry-after": "1" }),
  "302": (_, response) => void response.writeHead(302, { location: "http://127.0.0.1:1/" }).end(),
  "an error with 200": says('{"error":"ERR something"}'),
  "errors in a pipeline": says('[{"error":"ERR a"},{"error":"ERR b"},{"error":"ERR c"}]'),
  "an error in the second half of a pipeline": says('[{"result":null},{"error":"READONLY"}]'),
  "truncated JSON": says('{"result":"1|0000'),
  "a truncated pipeline": says('[{"result":"OK"},{"resu'),
  "a body shorter than its Content-Length": (_, response) => {
    response.writeHead(200, { ...JSON_TYPE, "content-length": "1000" });
    response.write('{"result":"OK"}', () => response.destroy());
  },
  HTML: says("<!doctype html><title>Log in</title>", 200, { "content-type": "text/html" }),
  nothing: says(""),
  "no content": (_, response) => void response.writeHead(204).end(),
  "a bare null": says("null"),
  "a bare string": says('"OK"'),
  "an object without a result": says("{}"),
  "a result of another type": says('{"result":{"a":1}}'),
  "results of another type": says('[{"result":{}},{"result":true},{"result":-1}]'),
  "too many results": says(JSON.stringify(Array(9).fill({ result: 1 }))),
  "an empty pipeline": says("[]"),
  "10 MB that are no JSON": says("x".repeat(10_000_000)),
  "10 MB of another type": says(JSON.stringify({ result: { a: "x".repeat(10_000_000) } })),
  "a dropped connection": (request) => void request.socket.destroy(),
  "no answer": () => undefined,
  "headers and no body": (_, response) => void response.writeHead(200, JSON_TYPE).flushHeaders(),
  "half a body and then nothing": (_, response) =>
    void response.writeHead(200, JSON_TYPE).write('{"result":"1|'),
};

const first = binding();
const to = freshPod();

/** Every method of the port, with arguments that a healthy store takes. */
const CALLS: Record<string, (store: BindingStore) => Promise<unknown>> = {
  create: (store) => store.create(first, KEEP),
  renew: (store) => store.renew(first, KEEP),
  touch: (store) => store.swap(swap("touch", first), KEEP),
  rebind: (store) => store.swap(swap("rebind", first, { to }), KEEP),
  rebind2: (store) => store.swap(swap("rebind2", first, { to }), KEEP),
  revoke: (store) => store.swap(swap("revoke", first), KEEP),
  "keyed create": (store) => store.swap(swap("create", { ...first, epoch: 0, pod: to }, { to }), KEEP),
  "keyed create again": (store) => store.swap(swap("create", { ...first, epoch: 2 }, { to }), KEEP),
  find: (store) => store.swap(swap("find", { ...first, epoch: 0, pod: to }, { to }), KEEP),
  "find again": (store) => store.swap(swap("find", { ...first, epoch: 2 }, { to }), KEEP),
  release: (store) => store.release(first.sid, first.pod),
  index: (store) => store.index(first.sid, first.pod, to, KEEP),
  read: (store) => store.read(first.sid),
  expires: (store) => store.expires(first.sid, first.pod),
  count: (store) => store.count([first.pod], NOW),
  list: (store) => store.list([first.pod], NOW, 10, undefined),
};

const OWN = first.pod.toString(16).padStart(12, "0");
const TO = to.toString(16).padStart(12, "0");

/** Well-formed answers to a compare-and-set that no honest store gives: verdict, epoch, pod, home, cause, from. */
const LIES = `
  rebind              WON      1    ${OWN}  ${OWN}  -             ${OWN}
  rebind              WON      2    ${OWN}  ${OWN}  pod-gone      ${OWN}
  rebind              KEPT     1    ${OWN}  ${OWN}  -             ${OWN}
  rebind              ADOPT    0    ${OWN}  ${OWN}  -             ${OWN}
  rebind              ADOPT    1    ${OWN}  ${OWN}  -             ${OWN}
  rebind              ADOPT    1e9  ${OWN}  ${OWN}  -             ${OWN}
  rebind              ADOPT    2    0       ${OWN}  -             ${OWN}
  rebind              ADOPT    2    ${TO}   ${OWN}  pod-gone      ${OWN}
  rebind              ADOPT    2    ${TO}   ${OWN}  pod-gone      -
  rebind              adopt    2    ${OWN}  ${OWN}  -             ${OWN}
  rebind              ABSENT   1    ${OWN}  ${OWN}  -             -
  rebind              REVOKED  2    ${OWN}  ${OWN}  revoked       -
  touch               WON      2    ${OWN}  ${OWN}  -             ${OWN}
  touch               KEPT     2    ${OWN}  ${OWN}  -             ${OWN}
  touch               ABSENT   1    ${OWN}  ${OWN}  expired-idle  ${OWN}
  revoke              REVOKED  1    ${OWN}  ${OWN}  revoked       ${OWN}
  revoke              ADOPT    2    ${OWN}  ${OWN}  -             ${OWN}
  keyed create        WON      1    ${OWN}  ${OWN}  -             -
  keyed create        WON      1    ${TO}   ${OWN}  -             -
  keyed create        WON      1    ${TO}   ${TO}   -             ${OWN}
  keyed create        WON      2    ${TO}   ${TO}   -             -
  keyed create        WON      2    ${TO}   ${TO}   revoked       -
  keyed create        WON      1    ${TO}   ${TO}   revoked       ${OWN}
  keyed create        WON      2    ${TO}   ${TO}   pod-gone      ${OWN}
  keyed create        KEPT     0    ${TO}   ${TO}   -             -
  keyed create        ADOPT    0    ${OWN}  ${OWN}  -             ${OWN}
  keyed create        ADOPT    3    ${OWN}  ${OWN}  -             -
  keyed create        REVOKED  3    ${OWN}  ${OWN}  revoked       ${OWN}
  keyed create        ABSENT   0    ${TO}   ${TO}   -             -
  keyed create again  WON      2    ${TO}   ${TO}   expired-idle  ${OWN}
  keyed create again  WON      1    ${TO}   ${TO}   -             -
  keyed create again  KEPT     1    ${OWN}  ${OWN}  -             ${OWN}
  keyed create again  KEPT     2    ${TO}   ${OWN}  -             ${OWN}
  keyed create again  ADOPT    1    ${TO}   ${OWN}  pod-gone      ${TO}
  find                WON      1    ${TO}   ${TO}   -             -
  find                KEPT     0    ${TO}   ${TO}   -             -
  find                ABSENT   1    ${TO}   ${TO}   -             -
  find                ABSENT   0    ${OWN}  ${OWN}  -             -
  find                ABSENT   3    ${OWN}  ${OWN}  revoked       ${OWN}
  find                ABSENT   3    ${OWN}  ${OWN}  expired-idle  -
  find                REVOKED  0    ${OWN}  ${OWN}  revoked       ${OWN}
  find                REVOKED  3    ${OWN}  ${OWN}  revoked       ${TO}
  find again          ABSENT   0    ${OWN}  ${OWN}  -             -
  find again          ABSENT   1    ${OWN}  ${OWN}  expired-idle  ${OWN}
  find again          REVOKED  1    ${OWN}  ${OWN}  revoked       ${OWN}
  find again          ADOPT    2    ${OWN}  ${OWN}  -             ${OWN}`
  .trim()
  .split("\n")
  .map((line) =>
    line
      .trim()
      .split(/ {2,}/)
      .map((word) => (word === "-" ? "" : word)),
  );

describe("a store that fails or lies", () => {
  let server: Server;
  let url: string;
  let handle: RequestListener = says("");

  beforeAll(async () => {
    server = createServer((request, response) => {
      request.resume().on("error", () => undefined);
      handle(request, response);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  const upstash = (timeout: number) => redisClient({ url, token: "t", timeout });
  const durable = (timeout: number) =>
    new DurableStore((shard, body) => fetch(`${url}/${shard}`, { method: "POST", body }), { timeout });
  // Short where nothing ever comes, long enough for 10 MB where something does.
  const patience = (fault: string) => (/no answer|no body|and then nothing/.test(fault) ? 200 : 5000);

  it.each(Object.keys(FAULTS))("%s: every method of both stores rejects", async (fault) => {
    handle = FAULTS[fault]!;
    const timeout = patience(fault);
    for (const store of [new UpstashStore(upstash(timeout)), durable(timeout)]) {
      // Sixteen shards answer a count or a listing: 10 MB from each prove no more than 10 MB from one.
      const heavy = fault.startsWith("10 MB") && store.kind === "durable";
      const names = Object.keys(CALLS).filter((name) => !heavy || (name !== "count" && name !== "list"));
      const calls = names.map(async (name) => {
        const answer = await CALLS[name]!(store).then(
          (value) => `resolved with ${JSON.stringify(value)}`,
          (error: unknown) => (error instanceof Error ? "rejected" : `rejected with ${typeof error}`),
        );
        return `${store.kind} ${name} ${answer}`;
      });
      const expected = names.map((name) => `${store.kind} ${name} rejected`);
      expect(await Promise.all(calls)).toEqual(expected);
    }
  });

  it.each(Object.keys(FAULTS))("%s: the snapshot rejects", async (fault) => {
    handle = FAULTS[fault]!;
    const snapshot = new UpstashSnapshot(upstash(patience(fault)));
    await expect(snapshot.get()).rejects.toThrow(Error);
    await expect(snapshot.put("{}")).rejects.toThrow(Error);
  });

  it.each(LIES)(
    "believes no %s that answers %s at %s at %s, home %s, cause %s, from %s",
    async (op, ...answer) => {
      const call = (store: BindingStore) => CALLS[op!]!(store);
      handle = says(JSON.stringify({ result: answer }));
      await expect(call(new UpstashStore(upstash(5000)))).rejects.toBeInstanceOf(AnswerError);
      const [verdict, epoch, pod, home, cause, from] = answer;
      const tag = (hex: string) => Number.parseInt(hex, 16);
      // A pod of the wrong length in Redis stands for one that no tag can be.
      const claim = {
        verdict,
        epoch: epoch === "1e9" ? 1.5 : Number(epoch),
        pod: pod === "0" ? -1 : tag(pod!),
        home: tag(home!),
        cause,
        ...(from === "" ? {} : { from: tag(from!) }),
      };
      handle = says(JSON.stringify({ result: claim }));
      await expect(call(durable(5000))).rejects.toBeInstanceOf(AnswerError);
    },
  );

  it.each([
    ["of another type", { result: [["x"], 1] }],
    ["too few", [{ result: null }]],
    ["an error for the binding, as of a key of another type", [{ error: "WRONGTYPE" }, { result: 0 }]],
    ["no count", [{ result: null }, { result: "OK" }]],
    ["a negative count", [{ result: null }, { result: -1 }]],
  ])("takes no release for done when the answers are %s", async (_, body) => {
    handle = says(JSON.stringify(body));
    await expect(CALLS.release!(new UpstashStore(upstash(5000)))).rejects.toThrow(Error);
    handle = says(JSON.stringify({ result: body }));
    await expect(CALLS.release!(durable(5000))).rejects.toBeInstanceOf(AnswerError);
  });

  it("rejects when nothing listens", async () => {
    const closed = createServer().listen(0, "127.0.0.1");
    await once(closed, "listening");
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, "close");
    const client = redisClient({ url: `http://127.0.0.1:${port}`, token: "t" });
    for (const call of Object.values(CALLS)) await expect(call(new UpstashStore(client))).rejects.toThrow();
  });

  it("asks once, whatever comes of it", async () => {
    let asked = 0;
    handle = (request, response) => {
      asked++;
      says("{}", 500)(request, response);
    };
    await expect(new UpstashStore(upstash(5000)).read(first.sid)).rejects.toThrow();
    expect(asked).toBe(1);
  });

  const P = first.pod;
  it.each([
    ["rebind", { verdict: "ADOPT", epoch: 7, pod: P, home: P, cause: "failback", from: P }],
    ["rebind", { verdict: "WON", epoch: 2, pod: to, home: P, cause: "pod-gone", from: undefined }],
    ["touch", { verdict: "KEPT", epoch: 1, pod: P, home: P, cause: "", from: to }],
    ["revoke", { verdict: "REVOKED", epoch: 4, pod: to, home: P, cause: "revoked", from: to }],
    ["keyed create", { verdict: "WON", epoch: 1, pod: to, home: to, cause: "", from: undefined }],
    ["keyed create", { verdict: "WON", epoch: 2, pod: to, home: to, cause: "expired-idle", from: to }],
    ["keyed create", { verdict: "ADOPT", epoch: 1, pod: to, home: P, cause: "", from: to }],
    ["keyed create again", { verdict: "KEPT", epoch: 2, pod: P, home: P, cause: "", from: undefined }],
    ["keyed create again", { verdict: "WON", epoch: 3, pod: to, home: to, cause: "revoked", from: P }],
    ["find", { verdict: "ABSENT", epoch: 0, pod: to, home: P, cause: "", from: undefined }],
    ["find", { verdict: "ABSENT", epoch: 3, pod: P, home: P, cause: "expired-idle", from: P }],
    ["find again", { verdict: "REVOKED", epoch: 2, pod: P, home: P, cause: "revoked", from: P }],
  ])("believes an honest %s: %j", async (op, answer) => {
    const hex = (tag: number | undefined) => (tag === undefined ? "" : tag.toString(16).padStart(12, "0"));
    const { verdict, epoch, pod, home, cause, from } = answer;
    const told = [verdict, String(epoch), hex(pod), hex(home), cause];
    handle = says(JSON.stringify({ result: [...told, hex(from)] }));
    expect(await CALLS[op]!(new UpstashStore(upstash(5000)))).toEqual(answer);
    for (const lie of ["x", `${OWN}0`, "NaN"]) {
      handle = says(JSON.stringify({ result: [...told, lie] }));
      await expect(CALLS[op]!(new UpstashStore(upstash(5000))), lie).rejects.toBeInstanceOf(AnswerError);
    }
    handle = says(JSON.stringify({ result: answer }));
    expect(await CALLS[op]!(durable(5000))).toEqual(answer);
  });
});
