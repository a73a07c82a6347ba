import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Cli } from "../../support/cli.ts";

describe("npx mooring that goes on", { timeout: 60_000 }, () => {
  let cli: Cli;

  beforeAll(async () => {
    cli = await Cli.start();
  });
  afterAll(async () => cli?.stop());

  it("looks again and again, until it is told to stop", async () => {
    const child = cli.spawn(["status", "--watch", "--json"]);
    child.stderr.pipe(process.stderr);
    const lines: { revision: number }[] = [];
    for await (const line of createInterface(child.stdout)) {
      if (lines.push(JSON.parse(line)) === 1)
        await cli.fleet.admin.putConfig(cli.document(["web-0", "web-1", "web-2"]));
      if (lines.length === 2) child.kill("SIGINT");
    }
    expect(lines).toHaveLength(2);
    expect(lines[1]!.revision).toBe(lines[0]!.revision + 1);
  });

  it("shows what happened, and follows what happens over the loss of its edge", async () => {
    const order = (state: string) =>
      cli.fleet.admin.send("PATCH", "/v1/pools/web/pods/web-0", { body: { state, weight: null } });
    await order("ready");
    const { code, out } = await cli.run(["events", "--kinds", "order-given", "--limit", "1"]);
    expect(code).toBe(0);
    expect(out).toMatch(
      /^I\d{4} [\d:.]+ +0 coordinator:\d+\] "Order given" pool="web" pod="web-0" state="ready" /,
    );
    const { events } = await cli.json<{ events: { id: number }[] }>(["events", "--limit", "2"]);
    expect(events[0]!.id).toBe(events[1]!.id + 1);
    expect((await cli.run(["events", "--kinds", "none"])).code).toBe(6);

    const child = cli.spawn(["events", "--follow", "--json", "--limit", "1", "--kinds", "order-given"]);
    let said = "";
    child.stderr.on("data", (text) => (said += text));
    const states: string[] = [];
    for await (const line of createInterface(child.stdout)) {
      states.push(JSON.parse(line).state);
      if (states.length === 1) {
        await cli.fleet.edges[0]!.restart();
        await order("disabled");
      } else if (states.length === 2) await order("ready");
      else child.kill("SIGINT");
    }
    expect(states).toEqual(["ready", "disabled", "ready"]);
    // Where the edge was away when it was first asked, nothing was lost yet.
    expect(said).toMatch(/^(.*; trying again until Ctrl-C\nfollowing again\n)?$/);
  });
});
