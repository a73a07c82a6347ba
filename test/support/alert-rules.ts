import { expect } from "vitest";
import { Jar } from "../../tools/fleet/client.ts";
import type { Fleet } from "../../tools/fleet/fleet.ts";
import { inParallel } from "../../tools/fleet/wait.ts";

/** What `GET /v1/alerts` answers. */
export interface Rules {
  readonly rules: readonly { name: string; state: string; pool: string; value: number; since: number }[];
  readonly webhook: { url: boolean; waiting: number; tries: number };
}

export const alertsOf = async ({ admin }: Fleet): Promise<Rules> =>
  (await admin.get<Rules>("/v1/alerts")).json;

export const stateOf = async (fleet: Fleet, name: string) =>
  (await alertsOf(fleet)).rules.find((rule) => rule.name === name);

/** As many requests as an error rate is told of, all well: no rule has anything to say. */
export async function expectQuiet(fleet: Fleet): Promise<void> {
  await inParallel(Array.from({ length: 120 }), 8, async () => {
    expect((await new Jar().get(fleet.url)).status).toBe(200);
  });
  const { rules, webhook } = await alertsOf(fleet);
  expect(rules.map(({ name, state }) => [name, state])).toEqual([
    ["error-rate", "inactive"],
    ["slow-requests", "inactive"],
    ["unavailable-pods", "inactive"],
    ["session-creation", "inactive"],
  ]);
  expect(webhook).toEqual({ url: true, waiting: 0, tries: 0 });
}
