import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decision } from "../../../tools/fleet/client.ts";
import { eventually } from "../../../tools/fleet/wait.ts";
import { BIN, Cli } from "../../support/cli.ts";

describe("npx mooring", { timeout: 60_000 }, () => {
  let cli: Cli;
  let stranger: Server;

  beforeAll(async () => {
    cli = await Cli.start();
    stranger = createServer((_, response) => response.end("hello"));
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  });
  afterAll(async () => {
    stranger?.close();
    await cli?.stop();
  });

  it("shows where things stand, to people and to programs", async () => {
    const status = await cli.run(["status"]);
    expect(status).toMatchObject({ code: 0, err: "" });
    expect(status.out).toContain("revision 1");
    expect(status.out).toMatch(
      /POOL +POLICY +PODS +STATES +SESSIONS\nweb +consistent-hash +3 +3 ready +24\n/,
    );
    expect(status.out).toContain("No session ever left its pod.");
    // Nobody sees colours in a pipe.
    expect(status.out).not.toContain("\x1b");
    expect((await cli.run(["pools"])).out).toMatch(/^web +consistent-hash +3 +3 +24$/m);
    expect((await cli.run(["pods", "web"])).out.match(/^web-\d +ready/gm)).toHaveLength(3);
    expect((await cli.run(["history"])).out).toMatch(/^ +1 +\d+ \w+ ago +MOORING_CONFIG$/m);
    expect((await cli.json<{ pods: { id: string }[] }>(["pods", "web"])).pods.map(({ id }) => id)).toEqual([
      "web-0",
      "web-1",
      "web-2",
    ]);
  });

  it("says what is wrong, of the deployment and in a log of kube-proxy's", async () => {
    // A machine with much to do may have a store that does not answer at once.
    const well = await eventually(
      () => cli.run(["doctor"]),
      ({ code }) => code === 0,
    );
    expect(well).toMatchObject({ code: 0, err: "" });
    expect(well.out).toMatch(/^Nothing is wrong\.\n\nadvice sizing: web needs \d+ connections? to its pods/);
    expect(await cli.json<{ findings: unknown[] }>(["doctor"])).toMatchObject({ findings: [] });
    const log = cli.file(
      "kube-proxy.log",
      [
        'I1123 14:30:22.123456       1 service.go:275] "Adding new service port" portName="default/web:http" servicePort="10.96.0.10:80/TCP"',
        'E1123 14:30:22.160022       1 proxier.go:1546] "Failed to execute iptables-restore" err="exit status 4"',
        "what is no klog",
      ].join("\n"),
    );
    const offline = { MOORING_URL: "http://127.0.0.1:9", MOORING_ADMIN_TOKEN: "" };
    const read = await cli.run(["doctor", "--logs", log], offline);
    expect(read).toMatchObject({ code: 1, err: "" });
    expect(read.out).toMatch(/^error rules-missing: 1 Service port never got its rules$/m);
    expect(read.out).toMatch(
      /^ {2}default\/web:http at 10\.96\.0\.10:80\/TCP: line 1, 1 sync failed, the last at line 2/m,
    );
    expect((await cli.run(["doctor", "--logs", cli.file("empty.log", "")], offline)).code).toBe(0);
    expect((await cli.run(["doctor", "--logs", "no.log"], offline)).code).toBe(2);
  });

  it("plans, applies and rolls back", async () => {
    const less = cli.file("less.yaml", cli.document(["web-0", "web-1"]));
    const planned = await cli.run(["plan", "-f", less], {}, BIN);
    expect(planned.code).toBe(0);
    expect(planned.out).toMatch(
      /^Of 24 sessions \d+ would leave their pods, 0 of them for good; \d+ would stay\.$/m,
    );
    expect(planned.out).toMatch(/^web\/web-2 +\d+ +– +33\.3 % +–$/m);
    const moves = Number(/sessions (\d+) would/.exec(planned.out)?.[1]);
    expect(moves).toBeGreaterThan(0);
    expect((await cli.run(["plan", "-f", less, "--strict"])).code).toBe(1);
    type Planned = { moves: unknown[]; summary: { causes: object } };
    const told = await cli.json<Planned>(["plan", "-f", less]);
    expect(told.moves).toHaveLength(moves);
    expect(told.summary.causes).toEqual({ "config-change": moves });
    expect(planned.out).toMatch(new RegExp(`^config-change +${moves}$`, "m"));
    // Two files are one config: routes in the one, pools in the other.
    const { routes, ...rest } = cli.document(["web-0", "web-1"]);
    const parts = [cli.file("pools.yaml", rest), cli.file("routes.yaml", { version: 1, routes })];
    expect((await cli.run(["plan", "-f", ...parts, "--json"])).out).toContain(`"moved": ${moves}`);
    expect((await cli.run(["apply", "-f", less])).out).toBe("Revision 2 is in force.\n");
    const outcomes: string[] = [];
    for (const jar of cli.clients) outcomes.push(decision(await jar.get(cli.fleet.url)).outcome!);
    expect(outcomes.filter((outcome) => outcome === "moved")).toHaveLength(moves);
    expect((await cli.run(["rollback"])).out).toBe("Revision 3 is what revision 1 was.\n");
    expect((await cli.run(["history"])).out).toMatch(/^ +3 .* rollback to 1$/m);
    expect((await cli.run(["audit"])).out).toMatch(
      /^.* ago +admin +\S+ +POST \/config\/rollback +200 +revision=1 .*written=3\n.* PUT \/config +200 +written=2$/m,
    );
    expect((await cli.run(["audit", "--limit", "1"])).out).toMatch(/^more: --cursor \d+$/m);
    expect((await cli.json<{ entries: unknown[] }>(["audit"])).entries).toHaveLength(2);
    const same = cli.file("same.json", cli.document(["web-0", "web-1", "web-2"]));
    expect((await cli.run(["plan", "-f", same, "--strict"])).code).toBe(0);
    expect((await cli.run(["rollback", "99"])).code).toBe(6);
    await eventually(
      () => cli.run(["ledger", "--cause", "config-change"]),
      ({ out }) => out.includes("config-change"),
    );
  });

  it("lists, shows, moves and revokes sessions", async () => {
    const [jar] = cli.clients;
    const { pod } = decision(await jar!.get(cli.fleet.url));
    const { token } = await cli.fleet.tokens.find(jar!, "web");
    const list = await cli.run(["sessions", "--limit", "3"]);
    expect(list.out.match(/^[0-9a-f]{32} +web +web-\d/gm)).toHaveLength(3);
    expect(list.out).toContain("more: --cursor ");
    const to = pod === "web-0" ? "web-1" : "web-0";
    expect((await cli.run(["sessions", "move", token.sid, to])).out).toContain(
      `${token.sid} is on web/${to}`,
    );
    expect((await cli.run(["sessions", "show", token.sid])).out).toMatch(
      new RegExp(`^${token.sid} +web +${to} `, "m"),
    );
    expect(decision(await jar!.get(cli.fleet.url))).toMatchObject({
      outcome: "moved",
      pod: to,
      cause: "moved-by-operator",
    });
    expect((await cli.run(["sessions", "revoke", token.sid])).code).toBe(0);
    const gone = await cli.run(["sessions", "show", token.sid]);
    expect(gone.code).toBe(6);
    expect(gone.err).toContain(`error: There is no session ${token.sid}.`);
    expect(decision(await jar!.get(cli.fleet.url)).outcome).toBe("bound");
  });

  it("explains a request, and replays it with nothing but the file", async () => {
    const [, jar] = cli.clients;
    const { pod } = decision(await jar!.get(cli.fleet.url));
    const args = ["explain", `${cli.fleet.url}/cart`, "-H", `cookie: ${jar!.cookie}`];
    const said = await cli.run(args);
    expect(said.out).toMatch(new RegExp(`^kept → web/${pod} \\(revision \\d+\\)$`, "m"));
    expect(said.out).toMatch(/^ {2}candidates web by consistent-hash: web-0, web-1, web-2$/m);
    const saved = cli.file("trace.json", (await cli.run([...args, "--json"])).out);
    const alone = { MOORING_URL: "http://127.0.0.1:9", MOORING_ADMIN_TOKEN: "" };
    const again = await cli.run(["explain", "--replay", saved], alone);
    expect(again).toMatchObject({ code: 0, out: `kept → web/${pod}: the same as was traced\n` });
    const { trace } = JSON.parse((await cli.run([...args, "--json"])).out);
    const other = cli.file("other.json", { trace: { ...trace, pod: "web-9" } });
    expect((await cli.run(["explain", "--replay", other], alone)).code).toBe(1);
    expect((await cli.run(["explain", "--replay", cli.file("no.json", "{}")], alone)).code).toBe(6);
  });

  it("gives a pod another weight, and the config's again", async () => {
    const heavy = await cli.run(["weigh", "web", "web-2", "5"]);
    expect(heavy).toMatchObject({
      code: 0,
      out: "web/web-2 has weight 5, and 1 in the config: every edge goes by it within 10 s.\n",
    });
    expect((await cli.run(["pods", "web"])).out).toMatch(/^web-2 +ready +– +5 \(config 1\)/m);
    const again = await cli.run(["weigh", "web", "web-2", "config"]);
    expect(again.out).toBe("web/web-2 has weight 1: every edge goes by it within 10 s.\n");
    expect((await cli.run(["pods", "web"])).out).toMatch(/^web-2 +ready +– +1 /m);
    const codes = [["web-2", "-1"], ["web-2", "1.5"], ["web-2"], ["web-2", "2000000"], ["web-9", "1"]].map(
      async (args) => (await cli.run(["weigh", "web", ...args])).code,
    );
    expect(await Promise.all(codes)).toEqual([2, 2, 2, 6, 6]);
  });

  it("drains a pod, and says how far it is", async () => {
    const begun = await cli.run(["drain", "web", "web-1", "--wait", "0s"]);
    expect(begun.err).toMatch(/^web\/web-1 is draining, \d+ sessions left$/m);
    expect(begun.code).toBe(1);
    const ended = cli.run(["drain", "web", "web-1", "--wait", "60s"]);
    await cli.fleet.admin.send("PATCH", "/v1/pools/web/pods/web-1", {
      body: { state: "draining", deadline: "1s" },
    });
    await eventually(
      () => cli.fleet.admin.get<{ pods: { id: string; state: string }[] }>("/v1/pools/web/pods"),
      ({ json: { pods: all } }) => all.some(({ id, state }) => id === "web-1" && state === "drained"),
    );
    for (const jar of cli.clients) await jar.get(cli.fleet.url);
    expect((await ended).out).toMatch(/^web\/web-1 is drained, \d+ sessions left\.$/m);
    expect((await cli.run(["pods", "web"])).out).toMatch(/^web-1 +drained/m);
  });

  it("ends with a code that says what is wrong", async () => {
    const bad = cli.file("bad.yaml", "version: 1\npools: { web: { pods: [], policy: fair } }\nroutes: []\n");
    const invalid = await cli.run(["apply", "-f", bad]);
    expect(invalid.code).toBe(6);
    expect(invalid.err).toMatch(/^error: The config is not valid\./m);
    expect(invalid.err).toMatch(/^ {2}pools\.web\.policy: /m);
    const code = async (args: string[], env?: Record<string, string>) => (await cli.run(args, env)).code;
    const { port } = stranger.address() as AddressInfo;
    const elsewhere = (url: string) => code(["status"], { MOORING_URL: url });
    const found = await Promise.all([
      code(["status"], { MOORING_ADMIN_TOKEN: "wrong" }),
      code(["status"], { MOORING_ADMIN_TOKEN: "" }),
      elsewhere("http://127.0.0.1:9"),
      elsewhere(`http://127.0.0.1:${port}`),
      code(["pods", "nothing"]),
    ]);
    expect(found).toEqual([4, 4, 3, 7, 6]);
    const misused = [
      ["stats"],
      ["status", "--jsn"],
      ["pods"],
      ["pods", "web", "more"],
      ["plan", "-f", "no.yaml"],
    ];
    expect(await Promise.all(misused.map((args) => code(args)))).toEqual([2, 2, 2, 2, 2]);
    expect((await cli.run(["--help"])).out).toContain("mooring status|pools|");
    expect((await cli.run(["drain", "--help"])).out).toContain("--deadline");
  });
});
