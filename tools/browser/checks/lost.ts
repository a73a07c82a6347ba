import { atLeast, type Gate } from "../../fleet/gate.ts";
import type { Scene } from "../scene.ts";
import { Visitor } from "../visitor.ts";

/** What a page says while the edge or the coordinator is away, and that it finds back by itself. */
export async function lost({ browser, fleet, say }: Scene): Promise<Gate[]> {
  const visitor = await Visitor.atHome(browser, fleet.url);
  const gates: Gate[] = [];
  for (const [name, member] of [
    ["edge", fleet.edges[0]!],
    ["coordinator", fleet.coordinator],
  ] as const) {
    say(`the ${name} is killed while somebody looks`);
    await visitor.sees("#live", /^Live$/);
    await member.kill();
    const said = await visitor.sees("#lost", /is lost|does not answer/);
    await member.restart();
    const back = await visitor.sees("#live", /^Live$/, 40_000);
    const gone = await visitor.page.locator("#lost").isHidden();
    gates.push(
      atLeast(
        `a stream that the ${name} takes along is said in a banner, and found again`,
        Number(said && back && gone),
        1,
        "yes",
      ),
    );
  }
  say("what stands before the edge answers in its place");
  await visitor.page.route("**/_mooring/", (route) =>
    route.fulfill({ status: 502, body: "<h1>Bad Gateway</h1>" }),
  );
  const old = await visitor.sees("#lost", /does not answer/);
  await visitor.page.unroute("**/_mooring/");
  const anew = await visitor.sees("#live", /^Live$/);
  gates.push(atLeast("a proxy's error is no page, and said in a banner", Number(old && anew), 1, "yes"));
  await visitor.leave();
  return gates;
}
