import type { Flip, Probes } from "../../src/health/probes.ts";
import type { Observation } from "../../src/health/readiness.ts";
import type { Pod } from "../../src/model/pod.ts";
import type { Probe } from "../../src/model/pool.ts";

/** Probes of one alarm in flight at once: a seventh would queue in the platform and spend its time-out waiting. */
const BATCH = 6;

export type MakeProbe = (pod: Pod, probe: Probe) => Promise<Observation>;

/**
 * Makes the probes that are due, and tells of each what flipped, undefined for nothing. What is asked of a doubled alarm is
 * not due any more, and what a missed one left out is due once. `clock` is read again after each probe.
 */
export async function probeDue(
  probes: Probes,
  clock: () => number,
  jitter: () => number,
  tell: (flip: Flip | undefined) => void,
  make: MakeProbe = probeOverHttp,
): Promise<void> {
  const due = probes.take(clock(), jitter);
  const queue = due.values();
  const worker = async () => {
    for (const task of queue) {
      // A long row is worked off by six: a probe begins when its turn comes.
      const begun = clock();
      tell(probes.settle({ ...task, begun }, await make(task.pod, task.probe), clock()));
    }
  };
  await Promise.all(Array.from({ length: Math.min(BATCH, due.length) }, worker));
}

/** Where a probe asks: at the pod's url, or with a port of its own at the root of that server. */
export function probeUrl(pod: Pick<Pod, "url" | "basePath">, { path, port, scheme }: Probe): string {
  if (port === undefined && scheme === undefined) return pod.url + path;
  const { protocol, hostname, port: own } = new URL(pod.url);
  const authority = port === undefined ? own && `:${own}` : `:${port}`;
  const base = port === undefined ? pod.basePath : "";
  return `${scheme?.toLowerCase() ?? protocol.slice(0, -1)}://${hostname}${authority}${base}${path}`;
}

async function probeOverHttp(pod: Pod, probe: Probe): Promise<Observation> {
  try {
    const headers = new Headers({ "user-agent": "mooring-probe" });
    for (const [name, value] of Object.entries(probe.headers ?? {})) headers.set(name, value);
    const response = await fetch(probeUrl(pod, probe), {
      headers,
      // kubelet follows redirects on the same host: here one passes as it is, and leads this worker nowhere.
      redirect: "manual",
      signal: AbortSignal.timeout(probe.timeout),
    });
    await response.body?.cancel();
    return response.status >= 200 && response.status < 400 ? "passed" : "failed";
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError" ? "timeout" : "unreachable";
  }
}
