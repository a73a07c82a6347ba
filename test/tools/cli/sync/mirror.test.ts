import { expect, it } from "vitest";
import type { Resource } from "../../../../tools/cli/sync/events.ts";
import { Mirror } from "../../../../tools/cli/sync/mirror.ts";

const service = (name: string, port = 80, more: object = {}): Resource => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "shop", ...more },
  spec: { ports: [{ port }] },
});
const names = (mirror: Mirror) => mirror.list().items.map(({ metadata }) => metadata?.name);

it("holds what events leave, in an order of its own, and says whether anything changed", () => {
  const mirror = new Mirror();
  expect(mirror.take({ type: "ADDED", object: service("b") })).toBe(true);
  expect(mirror.take({ type: "ADDED", object: service("a") })).toBe(true);
  expect(names(mirror)).toEqual(["a", "b"]);
  expect(mirror.take({ type: "MODIFIED", object: service("b", 81) })).toBe(true);
  expect(mirror.take({ type: "BOOKMARK", object: service("c") })).toBe(false);
  expect(mirror.take({ type: "DELETED", object: service("a") })).toBe(true);
  expect(mirror.take({ type: "DELETED", object: service("a") })).toBe(false);
  expect(mirror.list().items).toEqual([service("b", 81)]);
});

it("takes no heartbeat of a controller for a change", () => {
  const mirror = new Mirror();
  mirror.take({ type: "ADDED", object: service("a", 80, { resourceVersion: "1", managedFields: [1] }) });
  const again = {
    ...service("a", 80, { resourceVersion: "2", managedFields: [2] }),
    status: { loadBalancer: {} },
  };
  expect(mirror.take({ type: "MODIFIED", object: again })).toBe(false);
});

it("a list takes away what went unseen, of its own kind alone", () => {
  const mirror = new Mirror();
  for (const name of ["a", "b"]) mirror.take({ type: "ADDED", object: service(name) });
  mirror.take({ type: "ADDED", object: { ...service("i"), kind: "Ingress" } });
  const list = { kind: "List", items: [service("b"), service("c")] };
  expect(mirror.relist(list)).toBe(true);
  expect(names(mirror)).toEqual(["i", "b", "c"]);
  expect(mirror.relist(list)).toBe(false);
  // An empty list does not say what it is a list of.
  expect(mirror.relist({ kind: "List", items: [] }, "Ingress")).toBe(true);
  expect(names(mirror)).toEqual(["b", "c"]);
  const { kind: _, ...bare } = service("d");
  mirror.relist({ kind: "ServiceList", apiVersion: "v1", items: [bare] });
  expect(mirror.list().items).toEqual([service("d")]);
});

it("an error of the API server ends the watch", () => {
  const expired = { kind: "Status", message: "too old resource version" };
  expect(() => new Mirror().take({ type: "ERROR", object: expired })).toThrow(/too old resource version/);
});

it("keeps the status of a Pod, which alone says where it is", () => {
  const mirror = new Mirror();
  const pod = (podIP: string) => ({ kind: "Pod", metadata: { name: "web-0" }, status: { podIP } });
  mirror.take({ type: "ADDED", object: pod("10.0.0.1") });
  expect(mirror.take({ type: "MODIFIED", object: pod("10.0.0.2") })).toBe(true);
  expect(mirror.list().items).toEqual([pod("10.0.0.2")]);
});
