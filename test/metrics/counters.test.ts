import { expect, it } from "vitest";
import { Counters } from "../../src/metrics/counters.ts";

it("counts by pool, outcome and code, once each, and forgets what was taken", () => {
  const counters = new Counters();
  counters.count("web", "kept", 200);
  counters.count("web", "kept", 200);
  counters.count("web", "moved", 503);
  counters.count("", "refused", 404);
  const taken = counters.take();
  expect(taken).toContainEqual({ pool: "web", outcome: "kept", code: 200, count: 2 });
  expect(taken).toContainEqual({ pool: "web", outcome: "moved", code: 503, count: 1 });
  expect(taken).toContainEqual({ pool: "", outcome: "refused", code: 404, count: 1 });
  expect(counters.take()).toEqual([]);
});

it("loses nothing when a heartbeat fails", () => {
  const counters = new Counters();
  counters.count("web", "bound", 200);
  const taken = counters.take();
  counters.count("web", "bound", 200);
  counters.restore(taken);
  expect(counters.take()).toEqual([{ pool: "web", outcome: "bound", code: 200, count: 2 }]);
});

it("tells events beside outcomes, by pool, and puts them back alike", () => {
  const counters = new Counters();
  counters.count("web", "retried");
  counters.count("web", "retried");
  counters.count("web", "kept", 200);
  const taken = counters.take();
  expect(taken).toContainEqual({ pool: "web", outcome: "retried", code: 100, count: 2 });
  expect(taken).toContainEqual({ pool: "web", outcome: "kept", code: 200, count: 1 });
  counters.restore(taken);
  expect(counters.take()).toEqual(taken);
});
