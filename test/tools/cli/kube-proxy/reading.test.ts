import { describe, expect, it } from "vitest";
import { chainHash } from "../../../../tools/cli/kube-proxy/chain.ts";
import { ProxyLog } from "../../../../tools/cli/kube-proxy/reading.ts";

function read(text: string) {
  const log = new ProxyLog();
  for (const line of text.split("\n")) log.take(line);
  return log.report();
}
const names = (ports: readonly { service: string }[]) => ports.map(({ service }) => service);

/** As kube-proxy has written since 1.20, at -v=4. */
const structured = (time: string, level: string, text: string, file = "proxier.go:853") =>
  `${level}1123 ${time}.123456       1 ${file}] ${text}`;
const added = (time: string, service: string, at = "10.96.0.9:80/TCP") =>
  structured(
    time,
    "I",
    `"Adding new service port" portName="${service}" servicePort="${at}"`,
    "service.go:275",
  );
const done = (time: string) => structured(time, "I", '"SyncProxyRules complete" elapsed="33.1ms"');
const broken = (time: string) => [
  structured(time, "E", '"Failed to execute iptables-restore" err=<', "proxier.go:1546"),
  '\texit status 2: iptables-restore v1.8.7 (nf_tables): unknown option "--xor-mark"',
  "\tError occurred at line: 11",
  " >",
  structured(time, "I", '"Sync failed" retryingTime="30s"'),
];

describe("a kube-proxy log", () => {
  it("of a node that is well says nothing", () => {
    const report = read([added("14:30:22", "default/web:http"), done("14:30:22")].join("\n"));
    expect(report).toMatchObject({ lines: 2, odd: 0, services: 1, never: [], late: [], refused: [] });
    expect(report.syncs).toMatchObject({ failed: 0, failing: false });
  });

  it("says which Services never got their rules, where, how often and why", () => {
    const lines = [
      added("14:30:00", "default/old:http"),
      done("14:30:01"),
      added("14:30:22", "default/web:http", "10.96.0.10:80/TCP"),
      ...broken("14:30:22"),
      done("14:30:22"),
      ...broken("14:30:52"),
      done("14:30:52"),
    ];
    const { never, syncs } = read(lines.join("\n"));
    expect(never).toEqual([
      {
        service: "default/web:http",
        address: "10.96.0.10:80/TCP",
        line: 3,
        failed: 2,
        lastFailure: 10,
        named: false,
        why: expect.stringContaining('unknown option "--xor-mark"'),
      },
    ]);
    expect(syncs).toMatchObject({ failed: 2, first: 4, last: 10, failing: true });
  });

  it("tells those that got them late from those that never did, and forgets those that went", () => {
    const lines = [
      added("14:30:22", "default/late:http"),
      added("14:30:22", "default/gone:http"),
      ...broken("14:30:22"),
      done("14:30:22"),
      structured("14:30:40", "I", '"Removing service port" portName="default/gone:http"'),
      done("14:30:52"),
      added("14:31:00", "default/next:http"),
      ...broken("14:31:00"),
    ];
    const { never, late } = read(lines.join("\n"));
    expect(names(late)).toEqual(["default/late:http"]);
    expect(names(never)).toEqual(["default/next:http"]);
  });

  it("counts syncs by time where no verbosity tells of their ends", () => {
    const { never, syncs } = read(
      [added("14:30:22", "default/web:http"), ...broken("14:30:22"), ...broken("14:30:52")].join("\n"),
    );
    expect(syncs).toMatchObject({ failed: 2, first: 2, last: 7 });
    expect(never).toMatchObject([{ failed: 2, lastFailure: 7 }]);
  });

  it("takes what failed for mended where no verbosity tells of syncs, and it did not fail again", () => {
    const quiet = [
      added("14:30:22", "default/web:http"),
      ...broken("14:30:22"),
      structured("14:32:00", "I", '"Setting endpoints for service port name" portName="x/y:z" endpoints=[]'),
    ];
    expect(read(quiet.join("\n"))).toMatchObject({
      never: [],
      late: [{ service: "default/web:http", failed: 1 }],
    });
    // And one that was there long before the first failure has its rules.
    const before = [added("12:00:00", "default/web:http"), ...broken("14:30:22")];
    expect(read(before.join("\n"))).toMatchObject({ never: [], late: [], syncs: { failing: true } });
  });

  it("finds the Service by the chain that an error names", () => {
    // The chain of the API server's Service, the same in every cluster.
    expect(chainHash("default/kubernetes:https", "tcp")).toBe("NPX46M4PTMTKRN6Y");
    const lines = [
      added("14:30:22", "default/web:http"),
      added("14:30:22", "default/kubernetes:https", "10.96.0.1:443/TCP"),
      structured("14:30:22", "E", '"Failed to execute iptables-restore" err=<'),
      "\texit status 2: iptables-restore v1.8.7 (nf_tables): Chain 'KUBE-SVC-NPX46M4PTMTKRN6Y' does not exist",
      " >",
    ];
    expect(read(lines.join("\n")).never).toMatchObject([
      { service: "default/kubernetes:https", named: true, why: expect.stringContaining("does not exist") },
      { service: "default/web:http", named: false },
    ]);
  });

  it("reads what versions before 1.20 wrote, also behind journald", () => {
    const head = "Feb 17 11:12:14 node-26 kube-proxy[9234]: ";
    const lines = [
      `${head}I0217 11:12:10.100000    9234 service.go:309] Adding new service port "kube-system/kube-dns:dns" at 10.96.0.10:53/UDP`,
      `${head}E0217 11:12:14.212635    9234 proxier.go:1507] Failed to execute iptables-restore: exit status 1 (iptables-restore: line 51 failed`,
      `${head})`,
      `${head}I0217 11:12:14.212752    9234 proxier.go:779] Sync failed; retrying in 30s`,
    ];
    const report = read(lines.join("\n"));
    expect(report.never).toMatchObject([
      { service: "kube-system/kube-dns:dns", address: "10.96.0.10:53/UDP", failed: 1, lastFailure: 2 },
    ]);
    expect(report.syncs).toMatchObject({ failed: 1, why: expect.stringContaining("line 51 failed") });
  });

  it("knows the failures of single Services under IPVS, by name or by address", () => {
    const lines = [
      added("08:52:00", "kube-system/kube-dns:metrics", "10.96.0.10:9153/TCP"),
      added("08:52:00", "default/web:http", "10.96.0.11:80/TCP"),
      done("08:52:01"),
      "E1123 08:52:08.349072       1 proxier.go:1192] Failed to sync endpoint for service: 10.96.0.10:9153/TCP, err: parseIP Error",
      structured(
        "08:52:09",
        "E",
        '"Failed to sync service" err="no such device" servicePortName="default/api:http"',
      ),
    ];
    expect(read(lines.join("\n")).never.map(({ service, lastFailure }) => [service, lastFailure])).toEqual([
      ["kube-system/kube-dns:metrics", 4],
      ["default/api:http", 5],
    ]);
  });

  it("says which pods refused, whose endpoints they are, and tells the API server from them", () => {
    const lines = [
      structured(
        "14:30:20",
        "I",
        '"Setting endpoints for service port name" portName="default/web:http" endpoints=["10.244.1.7:8080","10.244.2.9:8080"]',
        "endpoints.go:276",
      ),
      "E1123 14:30:22.123456       1 proxysocket.go:136] Dial failed: dial tcp 10.244.1.7:8080: connect: connection refused",
      structured(
        "14:30:23",
        "E",
        '"Dial failed" err="dial tcp 10.244.1.7:8080: connect: connection refused"',
      ),
      structured(
        "14:30:24",
        "E",
        '"Probe failed" pod="default/api-0" err="dial tcp 10.244.3.3:80: connect: connection refused"',
      ),
      "E1123 14:30:25.000000       1 reflector.go:382] k8s.io/client-go/informers/factory.go:135: Failed to watch *v1.Service: Get https://127.0.0.1:6443/api/v1/services: dial tcp 127.0.0.1:6443: connect: connection refused",
    ];
    const { refused, apiServer } = read(lines.join("\n"));
    expect(refused).toEqual([
      { address: "10.244.1.7:8080", service: "default/web:http", pod: "", count: 2, first: 2, last: 3 },
      { address: "10.244.3.3:80", service: "", pod: "default/api-0", count: 1, first: 4, last: 4 },
    ]);
    expect(apiServer).toEqual({ count: 1, first: 5, last: 5 });
  });

  it("names Services without endpoints", () => {
    const lines = [
      "E0408 19:51:15.247297   23224 proxier.go:75] Couldn't find an endpoint for default/database: missing endpoints",
      structured(
        "14:30:22",
        "W",
        '"Skipping service, it has no endpoints" servicePortName="default/web:http"',
      ),
    ];
    expect(read(lines.join("\n")).withoutEndpoints).toEqual([
      { service: "default/database", count: 1, last: 1 },
      { service: "default/web:http", count: 1, last: 2 },
    ]);
  });

  it("reads JSON as kube-proxy writes it when it is told to", () => {
    const lines = [
      '{"ts":1795876222123.4,"caller":"proxy/service.go:275","msg":"Adding new service port","v":4,"portName":"default/web:http","servicePort":"10.96.0.9:80/TCP"}',
      '{"ts":1795876222200.0,"caller":"iptables/proxier.go:1546","msg":"Failed to execute iptables-restore","err":"exit status 4: xtables lock"}',
    ];
    expect(read(lines.join("\n")).never).toMatchObject([
      { service: "default/web:http", why: expect.stringContaining("xtables lock") },
    ]);
  });

  it("takes no harm of odd lines", () => {
    const odd = [
      "",
      "\u0000\u0001\ufffd",
      "{",
      "null",
      '{"msg":7}',
      "E",
      "E1123 99:99:99.1 1 x.go:1] ",
      'E1123 14:30:22.1       1 proxier.go:1] "unended portName="',
      "I1123 14:30:22.1       1 service.go:1] Adding new service port",
      "I1123 14:30:22.1       1 service.go:1] Removing service port",
      "E1123 14:30:22.1       1 x.go:1] connection refused",
      `E1123 14:30:22.1       1 x.go:1] "${"a".repeat(70_000)}" connection refused`,
      'time="2018-07-20T05:19:33Z" level=warning msg="modprobe"',
    ];
    const report = read([...odd, added("14:30:22", "default/web:http"), ...broken("14:30:22")].join("\n"));
    expect(names(report.never)).toEqual(["default/web:http"]);
    expect(report.lines).toBe(odd.length + 6);
    expect(report.odd).toBeGreaterThan(0);
  });
});
