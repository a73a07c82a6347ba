import { type ChildProcess, execFile, spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Failure } from "../failure.ts";
import { Events, type Listed, type Resource, type WatchEvent } from "./events.ts";
import { keyOf } from "./mirror.ts";

/** What is read of a cluster, by the names of its API, and the kind of its objects. */
export const KINDS: Readonly<Record<string, string>> = {
  services: "Service",
  endpointslices: "EndpointSlice",
  ingresses: "Ingress",
  pods: "Pod",
  deployments: "Deployment",
  statefulsets: "StatefulSet",
  daemonsets: "DaemonSet",
  destinationrules: "DestinationRule",
  virtualservices: "VirtualService",
  httproutes: "HTTPRoute",
  // Istio has a kind of that name, too.
  "gateways.gateway.networking.k8s.io": "Gateway",
  referencegrants: "ReferenceGrant",
  backendlbpolicies: "BackendLBPolicy",
  xbackendtrafficpolicies: "XBackendTrafficPolicy",
  backendtrafficpolicies: "BackendTrafficPolicy",
};

/** After a watch that ended: twice as long each time that it ends at once. Milliseconds. */
const AGAIN = 500;
const LONGEST = 30_000;
/** A watch that lasted so long was a good one. Milliseconds. */
const GOOD = 60_000;
/** A cluster without objects of a kind prints nothing: it is listed after this. Milliseconds. */
const SILENT = 3000;

export interface Followed {
  /** Of one kind; `list` is all of it, whatever the events of before said. */
  event(event: WatchEvent | Listed, kind: string): void;
  say(line: string): void;
}

/**
 * Follows one kind until it is stopped: one watch a kind, as kubectl takes no more (pkg/cmd/get/get.go, `SingleResourceType`
 * and "watch is only supported on individual resources"). Each watch begins with what there is. Once it runs a list is
 * taken: what went while nobody watched is in neither, and nothing between the two is lost.
 */
export class Watch {
  readonly #args: readonly string[];
  readonly #name: string;
  readonly #followed: Followed;
  readonly #again: number;
  readonly #stop = new AbortController();
  #child: ChildProcess | undefined;

  /**
   * @param args of kubectl, such as `--context` and `-n`
   * @param again half the pause after the first watch that ends; milliseconds
   */
  constructor(name: string, args: readonly string[], followed: Followed, again = AGAIN) {
    this.#name = name;
    this.#args = args;
    this.#followed = followed;
    this.#again = again;
  }

  stop(): void {
    this.#stop.abort();
    this.#child?.kill();
  }

  async run(): Promise<void> {
    let pause = this.#again;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      const began = Date.now();
      const why = await this.#once().catch((error: unknown) => {
        if (error instanceof Failure) throw error;
        return error instanceof Error ? error.message : String(error);
      });
      if (signal.aborted) return;
      pause = Date.now() - began > GOOD ? this.#again : Math.min(LONGEST, pause * 2);
      this.#followed.say(`the watch of ${this.#name} ended (${why}): again in ${pause / 1000} s`);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  async #once(): Promise<string> {
    const args = ["get", this.#name, "--watch", "-o", "json", "--output-watch-events", ...this.#args];
    const child = spawn("kubectl", args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    let told = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (told = (told + text).slice(-2000)));
    const ended = new Promise<string>((resolve, reject) => {
      child.on("error", (error: NodeJS.ErrnoException) =>
        reject(error.code === "ENOENT" ? new Failure("usage", "there is no kubectl on PATH") : error),
      );
      child.on("close", (code) => resolve(told.trim() || `kubectl ended with code ${code}`));
    });
    ended.catch(() => undefined);
    // What the watch says while the list is on its way may be newer, and nothing says it twice: it goes behind the list.
    let since: Map<string, WatchEvent | Listed> | undefined = new Map();
    const list = new Listing(async () => {
      const object = await this.#list();
      if (this.#child !== child || this.#stop.signal.aborted) return;
      this.#followed.event({ type: "LISTED", object }, KINDS[this.#name]!);
      for (const event of since?.values() ?? []) this.#followed.event(event, KINDS[this.#name]!);
      since = undefined;
    });
    const silent = setTimeout(() => list.take(), SILENT);
    const events = new Events();
    const broken = new Promise<never>((_, reject) => {
      child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
        try {
          for (const event of events.push(chunk)) {
            this.#followed.event(event, KINDS[this.#name]!);
            since?.set(keyOf(event.object), event);
          }
          list.take();
        } catch (error) {
          reject(error as Error);
        }
      });
      list.failed.catch(reject);
    });
    try {
      return await Promise.race([ended, broken]);
    } finally {
      clearTimeout(silent);
      child.kill();
    }
  }

  async #list(): Promise<Resource> {
    const args = ["get", this.#name, "-o", "json", ...this.#args];
    const { signal } = this.#stop;
    const { stdout } = await promisify(execFile)("kubectl", args, { maxBuffer: 1 << 30, signal });
    return JSON.parse(stdout) as Resource;
  }
}

/** A list that is taken once. */
class Listing {
  readonly failed: Promise<never>;
  #fail: (error: unknown) => void = () => undefined;
  #take: (() => Promise<void>) | undefined;

  constructor(take: () => Promise<void>) {
    this.#take = take;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
  }

  take(): void {
    const take = this.#take;
    this.#take = undefined;
    take?.().catch(this.#fail);
  }
}
