import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Explanation } from "../../src/route/explain.ts";
import { replay } from "../../src/route/replay.ts";
import type { Trace } from "../../src/route/trace.ts";
import { call } from "../support/client.ts";
import { testCore } from "../support/core.ts";
import { startPod, type TestPod } from "../support/pod.ts";
import { rawGet } from "../support/raw.ts";
import { ReferenceKetama } from "../support/reference/ketama.ts";
import { ADMIN, type Stack, startStack } from "../support/stack.ts";

describe("a pool that hashes requests as ingress-nginx does", () => {
  let stack: Stack;
  let pods: TestPod[];
  let ring: ReferenceKetama;
  beforeAll(async () => {
    pods = await Promise.all(Array.from({ length: 5 }, (_, i) => startPod(`p-${i}`)));
    const listed = pods.map(({ id, url }) => ({ id, url }));
    const pool = { policy: { ketama: { by: "$http_x_user$request_uri" } }, affinity: ["none"], pods: listed };
    const config = { version: 1, explain: true, pools: { web: pool }, routes: [{ pool: "web" }] };
    stack = await startStack({ edges: 2, config });
    ring = new ReferenceKetama(pods.map(({ port }) => ({ id: `127.0.0.1:${port}`, weight: 1 })));
  });
  afterAll(async () => {
    await stack?.stop();
    await Promise.all((pods ?? []).map((pod) => pod.kill()));
  });

  it("sends equal texts to the pod of the ring, whichever edge, whatever their bytes", async () => {
    for (const user of ["u1", "Alice Smith", "\xc3\xbcn\xc3\xaf", "\xe8\xaa\x9e", ""]) {
      for (const path of ["/", "/armud?x=1&y", "/a%20b/%c3%a9"]) {
        const text = Buffer.from(user, "latin1").toString("utf8") + path;
        for (const { url } of stack.edges) {
          const answer = await rawGet(url, path, user === "" ? [] : [`X-User: ${user}`]);
          expect(answer, text).toContain(`pod=p-${ring.find(text)};`);
        }
      }
    }
  });

  it("explains where a request would go, and its trace replays there and tells no address", async () => {
    const seen = new Set<string>();
    for (let i = 0; i < 12; i++) {
      const body = JSON.stringify({
        method: "GET",
        url: `http://shop.test/${i}`,
        headers: { "x-user": "u1" },
      });
      const { status, body: text } = await call(`${stack.url}/_mooring/v1/explain`, {
        method: "POST",
        body,
        headers: { authorization: `Bearer ${ADMIN}`, "content-type": "application/json" },
      });
      expect(status).toBe(200);
      const { pod, trace } = JSON.parse(text) as Explanation;
      expect(pod).toBe(`p-${ring.find(`u1/${i}`)}`);
      expect(await replay(trace as Trace, testCore())).toEqual({ outcome: "unkeyed", pool: "web", pod });
      expect(text).not.toMatch(new RegExp(`127\\.0\\.0\\.1:(?:${pods.map(({ port }) => port).join("|")})`));
      seen.add(pod!);
    }
    expect(seen.size).toBeGreaterThan(2);
  });
});
