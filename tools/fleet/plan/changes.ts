interface ChangedPod {
  readonly id: string;
  generation: number;
  weight: number;
  /** Raised when it gets another url under the same id. */
  address: number;
}

interface ChangedPool {
  readonly pods: ChangedPod[];
  policy: string;
  failover: string;
  affinity: "cookie" | "header" | "header, cookie" | "cookie, header" | "none";
  cookie: string | undefined;
  minutes: number;
}

interface ChangedRoute {
  readonly host: string;
  /** Pool to weight, the primary first. */
  split: Map<string, number>;
}

/** Every host that a client may ask for, whether a route is there or not. */
export const HOSTS = ["a.test", "b.test", "c.test"] as const;
const POLICIES = ["consistent-hash", "round-robin", "random", "least-request", "peak-ewma"];
const AFFINITIES = ["cookie", "header", "none", "header, cookie", "cookie, header"] as const;

/**
 * A config that changes step by step as operators change theirs: pods come, go, get other urls, weights and generations;
 * pools are renamed and split; routes go and come; affinity, cookie names, policy and failover change.
 */
export class Changes {
  readonly #draw: () => number;
  readonly #urlOf: (pod: string, address: number) => string;
  readonly #affinities: readonly ChangedPool["affinity"][];
  readonly #pools = new Map<string, ChangedPool>();
  #routes: ChangedRoute[] = [];
  #named = 0;

  /**
   * @param draw fractions in 0..1
   * @param urlOf where a pod of this id is reached; `address` makes urls of one pod differ
   * @param chains whether affinity may have several sources, of which a binding does not say which one it came by
   */
  constructor(draw: () => number, urlOf: (pod: string, address: number) => string, chains: boolean) {
    this.#affinities = chains ? AFFINITIES : AFFINITIES.slice(0, 3);
    this.#draw = draw;
    this.#urlOf = urlOf;
    for (const host of HOSTS) this.#routes.push({ host, split: new Map([[this.#newPool(), 1]]) });
  }

  document(): object {
    const pools = [...this.#pools].map(([name, { pods, policy, failover, affinity, cookie, minutes }]) => {
      const named = { idle: `${minutes}m`, ...(cookie === undefined ? {} : { name: cookie }) };
      const sources = affinity.split(", ").map((source) => {
        if (source === "none") return "none";
        return source === "cookie" ? { cookie: named } : { header: "x-user" };
      });
      const listed = pods.map(({ id, generation, weight, address }) => {
        return { id, url: this.#urlOf(id, address), generation, weight };
      });
      return [name, { policy, failover, affinity: sources, tableBits: 12, pods: listed }];
    });
    const routes = this.#routes.map(({ host, split }) =>
      split.size === 1
        ? { host, path: "/", pool: [...split.keys()][0] }
        : { host, path: "/", split: Object.fromEntries(split) },
    );
    return { version: 1, explain: true, pools: Object.fromEntries(pools), routes };
  }

  /** Makes one to three changes; answers in words what they were. */
  step(): string {
    return Array.from({ length: 1 + this.#below(3) }, () => this.#one()).join(", ");
  }

  #one(): string {
    const kinds = [
      this.#podGoes,
      this.#podGoes,
      this.#podComes,
      this.#podComes,
      this.#podMoves,
      this.#podIsReplaced,
      this.#weighs,
      this.#weighs,
      this.#splits,
      this.#splits,
      this.#ramps,
      this.#sideGoes,
      this.#renames,
      this.#routeGoes,
      this.#routeComes,
      this.#affine,
      this.#namesCookie,
      this.#places,
      this.#failsOver,
      this.#idles,
    ];
    return kinds[this.#below(kinds.length)]!.call(this);
  }

  #podGoes(): string {
    const [name, { pods }] = this.#anyPool();
    // An empty pool serves nobody, which is a story of its own, and told seldom.
    if (pods.length <= 1 && this.#below(4) > 0) return this.#podComes();
    const [gone] = pods.splice(this.#below(pods.length), 1);
    return `${name} loses ${gone?.id ?? "nothing"}`;
  }

  #podComes(): string {
    const [name, { pods }] = this.#anyPool();
    // Of few ids, so that some come back.
    const free = Array.from({ length: 7 }, (_, i) => `p${i}`).filter(
      (id) => !pods.some((pod) => pod.id === id),
    );
    if (free.length === 0) return "nothing";
    const id = free[this.#below(free.length)]!;
    pods.push({ id, generation: 0, weight: 1, address: 0 });
    return `${name} gets ${id}`;
  }

  #podMoves(): string {
    return this.#onPod((pod) => `gives ${pod.id} url ${++pod.address}`);
  }

  #podIsReplaced(): string {
    return this.#onPod((pod) => `replaces ${pod.id} by generation ${++pod.generation}`);
  }

  #weighs(): string {
    return this.#onPod((pod) => {
      pod.weight = this.#below(4);
      return `weighs ${pod.id} ${pod.weight}`;
    });
  }

  #splits(): string {
    const route = this.#anyRoute();
    if (route === undefined || route.split.size > 2) return "nothing";
    const side = this.#below(3) === 0 ? this.#anyPool()[0] : this.#newPool();
    route.split.set(side, this.#below(4));
    if ([...route.split.values()].every((weight) => weight === 0)) route.split.set(side, 1);
    return `${route.host} is split with ${side}`;
  }

  #ramps(): string {
    const route = this.#anyRoute();
    if (route === undefined || route.split.size === 1) return "nothing";
    for (const side of route.split.keys()) route.split.set(side, 1 + this.#below(9));
    return `${route.host} is split by other weights`;
  }

  #sideGoes(): string {
    const route = this.#anyRoute();
    if (route === undefined || route.split.size === 1) return "nothing";
    const sides = [...route.split.keys()];
    const side = sides[1 + this.#below(sides.length - 1)]!;
    route.split.delete(side);
    if ([...route.split.values()].every((weight) => weight === 0)) route.split.set(sides[0]!, 1);
    this.#sweep();
    return `${route.host} loses its side ${side}`;
  }

  #renames(): string {
    const [name, pool] = this.#anyPool();
    const other = this.#name();
    this.#pools.delete(name);
    this.#pools.set(other, pool);
    for (const route of this.#routes) {
      route.split = new Map([...route.split].map(([side, weight]) => [side === name ? other : side, weight]));
    }
    return `${name} is called ${other}`;
  }

  #routeGoes(): string {
    if (this.#routes.length < 2) return "nothing";
    const [gone] = this.#routes.splice(this.#below(this.#routes.length), 1);
    this.#sweep();
    return `the route of ${gone!.host} goes`;
  }

  #routeComes(): string {
    const host = HOSTS.find((name) => !this.#routes.some((route) => route.host === name));
    if (host === undefined) return "nothing";
    const pool = this.#below(3) === 0 ? this.#anyPool()[0] : this.#newPool();
    this.#routes.push({ host, split: new Map([[pool, 1]]) });
    return `${host} is routed to ${pool}`;
  }

  #affine(): string {
    const [name, pool] = this.#anyPool();
    pool.affinity = this.#affinities[this.#below(this.#affinities.length)]!;
    return `${name} knows sessions by ${pool.affinity}`;
  }

  #namesCookie(): string {
    const [name, pool] = this.#anyPool();
    pool.cookie = this.#below(3) === 0 ? undefined : `c-${name}-${this.#below(3)}`;
    return `${name} calls its cookie ${pool.cookie ?? "as usual"}`;
  }

  #places(): string {
    const [name, pool] = this.#anyPool();
    pool.policy = POLICIES[this.#below(POLICIES.length)]!;
    return `${name} is balanced by ${pool.policy}`;
  }

  #failsOver(): string {
    const [name, pool] = this.#anyPool();
    pool.failover = ["sticky", "temporary", "none"][this.#below(3)]!;
    return `${name} fails over ${pool.failover}`;
  }

  #idles(): string {
    const [name, pool] = this.#anyPool();
    pool.minutes = [30, 60, 120][this.#below(3)]!;
    return `${name} lets sessions idle for ${pool.minutes} min`;
  }

  #onPod(change: (pod: ChangedPod) => string): string {
    const [name, { pods }] = this.#anyPool();
    const pod = pods[this.#below(pods.length)];
    return pod === undefined ? "nothing" : `${name} ${change(pod)}`;
  }

  #newPool(): string {
    const name = this.#name();
    const pods = Array.from({ length: 2 + this.#below(4) }, (_, i) => {
      return { id: `p${i}`, generation: 0, weight: 1, address: 0 };
    });
    const affinity = this.#below(4) === 0 ? "header" : "cookie";
    const rest = { policy: "consistent-hash", failover: "sticky", cookie: undefined, minutes: 30 };
    this.#pools.set(name, { pods, affinity, ...rest });
    return name;
  }

  /** Of few names, so that some come back. */
  #name(): string {
    for (;;) {
      const name = `pool-${this.#named++ % 12}`;
      if (!this.#pools.has(name)) return name;
    }
  }

  #anyPool(): [string, ChangedPool] {
    const all = [...this.#pools];
    return all[this.#below(all.length)]!;
  }

  #anyRoute(): ChangedRoute | undefined {
    return this.#routes[this.#below(this.#routes.length)];
  }

  /** Pools that no route leads to. */
  #sweep(): void {
    for (const name of [...this.#pools.keys()]) {
      if (!this.#routes.some(({ split }) => split.has(name))) this.#pools.delete(name);
    }
  }

  #below(limit: number): number {
    return Math.floor(this.#draw() * limit);
  }
}
