import { expect, it } from "vitest";
import { ordered } from "../../src/health/orders.ts";

it("lets an order that ends everything stand over the probes, the pod's or its pool's", () => {
  expect(ordered("disabled", undefined, "down")).toBe("disabled");
  expect(ordered(undefined, "retired", "ready")).toBe("retired");
  expect(ordered("draining", "rolled-back", "ready")).toBe("rolled-back");
  // The cause is that of the stronger word.
  expect(ordered("drained", "rolled-back", "ready")).toBe("rolled-back");
});

it("lets sessions of a pod that drains go when it is down, and drains on when it is up", () => {
  expect(ordered("draining", undefined, "down")).toBe("down");
  expect(ordered("draining", "retiring", "unready")).toBe("draining");
  expect(ordered(undefined, "retiring", "ready")).toBe("retiring");
  expect(ordered(undefined, undefined, "unready")).toBe("unready");
});
