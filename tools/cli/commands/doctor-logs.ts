import { createReadStream } from "node:fs";
import { userPath } from "../../serve/user-path.ts";
import type { Found } from "../command.ts";
import { Failure } from "../failure.ts";
import { eachLine } from "../kube-proxy/lines.ts";
import { ProxyLog } from "../kube-proxy/reading.ts";
import type { LogReport, ServicePort } from "../kube-proxy/report.ts";
import type { Paint } from "../print.ts";

/** Rows of a kind that people are shown. */
const SHOWN = 20;

/** `doctor --logs`: which Services never got their rules, and who refused connections, by kube-proxy's log. */
export async function readLogs(path: string, paint: Paint): Promise<Found> {
  const log = new ProxyLog();
  const stream: AsyncIterable<Buffer> = path === "-" ? process.stdin : createReadStream(userPath(path));
  try {
    await eachLine(stream, (line) => log.take(line));
  } catch (error) {
    throw new Failure("usage", `${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
  const json = log.report();
  const { never, refused, syncs, apiServer, withoutEndpoints } = json;
  const no = [never, refused, withoutEndpoints].some((list) => list.length > 0) || syncs.failing;
  return { json, text: wordsOf(json, paint), no: no || apiServer.count > 0 };
}

function wordsOf(report: LogReport, paint: Paint): string {
  const { lines, odd, services, syncs, never, late, refused, withoutEndpoints, apiServer } = report;
  const strange = odd === 0 ? "" : `, of which ${odd} are no klog`;
  const text = [`Read ${plural(lines, "line")}${strange}. They name ${plural(services, "Service port")}.`];
  const say = (severity: string, id: string, title: string, rows: readonly string[], fix: string) => {
    text.push("", `${severity === "error" ? paint.bad(severity) : severity} ${id}: ${title}`);
    text.push(...rows.slice(0, SHOWN).map((row) => `  ${row}`));
    if (rows.length > SHOWN) text.push(`  and ${rows.length - SHOWN} more: --json has them`);
    text.push(`  fix  ${fix}`);
  };
  if (never.length > 0) {
    const title = `${plural(never.length, "Service port")} never got ${never.length === 1 ? "its" : "their"} rules`;
    say("error", "rules-missing", title, never.map(rowOf), FIX.rules);
  } else if (syncs.failing) {
    const why = `${plural(syncs.failed, "sync")} failed, the first at line ${syncs.first}, the last at line ${syncs.last}: ${syncs.why}`;
    const rows = services > 0 ? [why] : [why, "the log names no Services: from -v=4 on it does"];
    say("error", "rules-stale", "The rules are those of the last sync that did not fail", rows, FIX.rules);
  }
  if (late.length > 0) {
    const title = `${plural(late.length, "Service port")} got ${late.length === 1 ? "its" : "their"} rules late`;
    say("warning", "rules-late", title, late.map(rowOf), FIX.rules);
  }
  if (refused.length > 0) {
    const rows = refused.map(({ address, service, pod, count, first, last }) => {
      const whose = [pod && `pod ${pod}`, service && `endpoint of ${service}`].filter(Boolean).join(", ");
      return `${address}${whose && ` (${whose})`}: ${times(count, first, last)}`;
    });
    say("error", "pods-refused", `${plural(refused.length, "pod")} refused connections`, rows, FIX.refused);
  }
  if (withoutEndpoints.length > 0) {
    const rows = withoutEndpoints.map(
      ({ service, count, last }) => `${service}: ${plural(count, "line")}, the last is ${last}`,
    );
    say("error", "no-endpoints", `${plural(rows.length, "Service")} had no endpoints`, rows, FIX.endpoints);
  }
  if (apiServer.count > 0) {
    const rows = [times(apiServer.count, apiServer.first, apiServer.last)];
    say("error", "api-server", "The API server refused connections", rows, FIX.api);
  }
  if (text.length === 1) text.push("Nothing is wrong in them.");
  return text.join("\n");
}

function rowOf({ service, address, line, failed, lastFailure, why, named }: ServicePort): string {
  const whole = address === "" ? service : `${service} at ${address}`;
  const own = named ? ", an error names it" : "";
  return `${whole}: line ${line}, ${plural(failed, "sync")} failed, the last at line ${lastFailure}${own}: ${why}`;
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

function times(count: number, first: number, last: number): string {
  return count === 1 ? `once, line ${first}` : `${count} times, lines ${first} to ${last}`;
}

const FIX = {
  rules:
    "Mend what the error says: another iptables in the image than on the node (iptables-legacy, nf_tables), a lock that somebody holds, a kernel module that is missing. kube-proxy tries again by itself; until then connections to these Services fail, or go to pods that are gone.",
  refused: "See that the pod listens on that port, and that its readiness probe says when it does not.",
  endpoints:
    "See that the Service's selector fits pods, and that these are ready: kubectl get endpointslices.",
  api: "kube-proxy knows no newer Services and endpoints than before: see the API server, and --kubeconfig.",
};
