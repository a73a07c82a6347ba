import type { Admin } from "../../tools/fleet/admin.ts";
import { decision, Jar } from "../../tools/fleet/client.ts";
import { type Fleet, startFleet } from "../../tools/fleet/fleet.ts";
import { eventually } from "../../tools/fleet/wait.ts";
import { findRedisServer } from "../../tools/gateway/redis.ts";

export const redis = findRedisServer() !== undefined;

export interface Session {
  readonly sid: string;
  readonly pool: string;
  readonly pod: string;
  readonly home: string;
  readonly epoch: number;
  readonly created: number;
  readonly seen: number;
  readonly expires: number;
}
export type Progress = { state: string; sessions: number; deadline: number | null };
type Ledger = { breaks: { sid: string; from: string; to: string; cause: string }[]; counts: object };

/** A pod of the pool `web` in the admin API. */
export const podPath = (id: string) => `/v1/pools/web/pods/${id}`;

/** Two edges and 60 sessions on the three pods of `web`, for an operator to do something with. */
export class Operated {
  readonly fleet: Fleet;
  readonly jars: Jar[] = [];

  private constructor(fleet: Fleet) {
    this.fleet = fleet;
  }

  static async start(): Promise<Operated> {
    const fleet = await startFleet({
      edges: 2,
      pods: 4,
      redis,
      config: (pods) => ({
        version: 1,
        explain: true,
        pools: { web: { drain: "30m", pods: pods.slice(0, 3) }, lone: { pods: pods.slice(3) } },
        routes: [
          { path: "/", pool: "web" },
          { path: "/lone", pool: "lone" },
        ],
      }),
    });
    const operated = new Operated(fleet);
    try {
      // One after another: an edge that starts cold under a crowd may take its store for slow, and do without it.
      for (let i = 0; i < 60; i++) {
        const jar = new Jar();
        await jar.get(operated.url(i % 2));
        operated.jars.push(jar);
      }
      // A request does not wait until the store has its session.
      await eventually(
        async () => (await operated.#sessions("pool=web")).length,
        (count) => count === operated.jars.length,
      );
    } catch (error) {
      await fleet.stop();
      throw error;
    }
    return operated;
  }

  stop(): Promise<void> {
    return this.fleet.stop();
  }

  get admin(): Admin {
    return this.fleet.admin;
  }

  url(edge: number): string {
    return this.fleet.edges[edge]!.url;
  }

  async tokenOf(jar: Jar) {
    return (await this.fleet.tokens.find(jar, "web")).token;
  }

  async sidOf(jar: Jar): Promise<string> {
    return (await this.tokenOf(jar)).sid;
  }

  patch(id: string, body: object, edge = 0) {
    return this.admin.send<Progress>("PATCH", podPath(id), { body, edge });
  }

  async ledger(cause: string): Promise<Ledger> {
    return (await this.admin.get<Ledger>(`/v1/ledger?cause=${cause}&limit=1000`)).json;
  }

  async breaksOf(sid: string, cause: string): Promise<Ledger["breaks"]> {
    return (await this.admin.get<Ledger>(`/v1/ledger?sid=${sid}&cause=${cause}`)).json.breaks;
  }

  /** What a copy of a jar is answered at an edge: the jar itself learns nothing of it. */
  async peek(jar: Jar, edge: number): Promise<Record<string, string>> {
    return decision(await jar.copy().get(this.url(edge)));
  }

  /** The jars by the pod that keeps them. */
  async on(id: string): Promise<Jar[]> {
    const at = await Promise.all(this.jars.map(async (jar) => (await this.peek(jar, 0)).pod));
    return this.jars.filter((_, i) => at[i] === id);
  }

  listed(id: string): Promise<Session[]> {
    return this.#sessions(`pod=${id}`);
  }

  async #sessions(query: string): Promise<Session[]> {
    return (await this.admin.get<{ sessions: Session[] }>(`/v1/sessions?${query}&limit=1000`)).json.sessions;
  }

  moveTo(sid: string, id: string) {
    return this.admin.send("POST", `/v1/sessions/${sid}/move`, { body: { pod: id } });
  }

  async newSessions(edge: number, count: number): Promise<(string | undefined)[]> {
    const answers = await Promise.all(Array.from({ length: count }, () => new Jar().get(this.url(edge))));
    return answers.map((answer) => decision(answer).pod);
  }
}
