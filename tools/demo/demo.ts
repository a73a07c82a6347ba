import { startControl } from "./control.ts";
import type { CrowdOptions } from "./crowd.ts";
import { freePorts, rememberedPorts } from "./ports.ts";

export interface DemoOptions {
  /** How many shop pods, at least 1. */
  readonly pods: number;
  /** The edge's URL without a slash at the end; it need not be up yet. */
  readonly edge: string;
  readonly crowd?: Partial<CrowdOptions>;
  /** Of the edge's admin API: with it pods can be drained and added from the page. */
  readonly token?: string;
  /** File that remembers the ports from run to run; without it they are new each time. */
  readonly portsFile?: string;
}

/** The demo, running. */
export interface Demo {
  /** The native config that routes `/demo` to the control server and all else to the shop's pods. */
  readonly config: object;
  /** Ends everything that was started; also while a pod is starting. */
  stop(): Promise<void>;
}

function demoConfig(ports: readonly number[], control: string): object {
  return {
    version: 1,
    pools: {
      web: {
        policy: "consistent-hash",
        pods: ports.map((port, i) => ({ id: `web-${i}`, url: `http://127.0.0.1:${port}` })),
        affinity: [{ cookie: { idle: "30m", absolute: "12h" } }],
        health: { readiness: { path: "/ready", period: "1s", timeout: "1s", failure: 3, success: 1 } },
      },
      demo: { pods: [{ id: "control", url: control }], affinity: ["none"] },
    },
    explain: true,
    routes: [
      { path: "/demo", pool: "demo" },
      { path: "/", pool: "web" },
    ],
  };
}

/** Starts the shop's pods and the control server on free ports. Rejects, with nothing left running, when a pod does not start. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const { pods, portsFile, token } = options;
  const all =
    portsFile === undefined ? await freePorts(pods + 1) : await rememberedPorts(pods + 1, portsFile);
  const [port = 0, ...ports] = all;
  const crowd = options.crowd === undefined ? {} : { crowd: options.crowd };
  const admin = token === undefined ? {} : { token };
  const control = await startControl({ port, ports, edge: options.edge, ...crowd, ...admin });
  try {
    await control.fleet.start();
  } catch (error) {
    await control.stop();
    throw error;
  }
  return { config: demoConfig(ports, control.url), stop: () => control.stop() };
}
