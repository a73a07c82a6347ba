import { describe, expect, it } from "vitest";
import type { Edge, Failure } from "../../src/route/edge.ts";
import { TestEdge } from "../support/edge.ts";

const URL = "https://shop.test/";

/** An edge of one pod that answers so, and what it told of at once: each pod, and whether that could not be reached. */
async function edgeOf(answer: number | Failure, health: object = {}) {
  const edge = await TestEdge.start({
    config: {
      version: 1,
      pools: {
        web: {
          pods: [{ id: "web-0", url: "http://127.0.0.1:1" }],
          affinity: "none",
          retry: { attempts: 1 },
          health,
        },
      },
      routes: [{ pool: "web" }],
    },
    pod: () => (typeof answer === "number" ? new Response(null, { status: answer }) : answer),
  });
  const told: string[] = [];
  const failed: Edge["failed"] = (pod, unreachable) => {
    told.push(`${pod.pod.id}${unreachable ? " unreachable" : ""}`);
  };
  Object.assign(edge.edge, { failed });
  return { edge, told, pod: edge.view.pools[0]!.pods[0]! };
}

describe("what is held against a pod, and told at once", () => {
  it.each<[number | Failure, string[]]>([
    [200, []],
    [404, []],
    [500, ["web-0"]],
    [503, ["web-0"]],
    ["timeout", ["web-0"]],
    ["garbage", ["web-0"]],
    ["connect", ["web-0 unreachable"]],
    // What its client spoiled says nothing of the pod.
    ["client", []],
    ["stalled", []],
  ])("%s: %j", async (answer, expected) => {
    const { edge, told, pod } = await edgeOf(answer);
    await edge.ask(URL);
    expect(told).toEqual(expected);
    const counted = answer === "client" || answer === "stalled" ? undefined : 1;
    const use = pod.meter.take(0, 0);
    expect([use?.done, use?.fail]).toEqual([counted, expected.length > 0 ? 1 : undefined]);
  });

  it("tells gateway errors from others for pools that count them apart", async () => {
    const outlier = { consecutive5xx: 0, consecutiveGatewayErrors: 2, maxEjection: "100%" };
    const suspected = async (answer: number | Failure) => {
      const { edge, pod } = await edgeOf(answer, { outlier });
      await edge.ask(URL);
      await edge.ask(URL);
      return pod.suspectUntil > 0;
    };
    expect([await suspected(500), await suspected(501), await suspected(505)]).toEqual([false, false, false]);
    expect([await suspected(502), await suspected(503), await suspected(504)]).toEqual([true, true, true]);
    expect([await suspected("timeout"), await suspected("connect")]).toEqual([true, true]);
  });
});
