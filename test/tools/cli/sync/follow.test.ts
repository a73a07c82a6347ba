import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Resource } from "../../../../tools/cli/sync/events.ts";
import { Follow } from "../../../../tools/cli/sync/follow.ts";
import type { Mirror } from "../../../../tools/cli/sync/mirror.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const object = (name: string, kind = "Service"): Resource => ({ kind, metadata: { name } });
const added = (name: string) => ({ type: "ADDED" as const, object: object(name) });
const listed = (...items: Resource[]) => ({ type: "LISTED" as const, object: { kind: "List", items } });

function following(kinds: string[]) {
  const written: string[] = [];
  const write = async (mirror: Mirror) => {
    written.push(
      mirror
        .list()
        .items.map(({ metadata }) => metadata?.name)
        .join(","),
    );
    return undefined;
  };
  return { written, follow: new Follow(kinds, { write }, () => undefined) };
}

it("writes once it was quiet for a second, and after five where it never is", async () => {
  const { written, follow } = following([]);
  follow.event(added("a"));
  await vi.advanceTimersByTimeAsync(900);
  follow.event(added("b"));
  await vi.advanceTimersByTimeAsync(999);
  expect(written).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(written).toEqual(["a,b"]);
  for (let i = 0; i < 12; i++) {
    follow.event(added(`c${i}`));
    await vi.advanceTimersByTimeAsync(500);
  }
  expect(written).toHaveLength(2);
  await vi.advanceTimersByTimeAsync(1000);
  expect(written).toHaveLength(3);
});

it("writes nothing before every kind is listed: half a cluster would take the other half's pods away", async () => {
  const { written, follow } = following(["Service", "Ingress"]);
  follow.event(added("a"), "Service");
  follow.event(listed(object("a")), "Service");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(written).toEqual([]);
  // A cluster without any is listed, too.
  follow.event(listed(), "Ingress");
  await vi.advanceTimersByTimeAsync(1000);
  expect(written).toEqual(["a"]);
});

it("writes nothing where nothing changed", async () => {
  const { written, follow } = following([]);
  follow.event(added("a"));
  await vi.advanceTimersByTimeAsync(1000);
  follow.event({ type: "MODIFIED", object: object("a") });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(written).toEqual(["a"]);
});
