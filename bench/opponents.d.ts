declare module "consistent-hash" {
  export default class ConsistentHash {
    constructor();
    add(node: string): this;
    get(key: string): string | undefined;
  }
}

declare module "hashring" {
  export default class HashRing {
    constructor(servers: readonly string[]);
    get(key: string): string | undefined;
  }
}

declare module "node-hashring" {
  export default class HashRing {
    constructor(nodes: readonly string[]);
    findNode(key: string): string | undefined;
  }
}
