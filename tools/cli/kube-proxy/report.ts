/** A service's port and what became of its rules. Lines count from 1. */
export interface ServicePort {
  /** namespace/name:port */
  readonly service: string;
  /** Its cluster address and protocol, where the log tells. */
  readonly address: string;
  /** Where the log first names it. */
  readonly line: number;
  /** Syncs that failed before it had its rules. */
  readonly failed: number;
  readonly lastFailure: number;
  readonly why: string;
  /** Whether an error names its own chain, or itself. */
  readonly named: boolean;
}

/** Somebody that refused connections. */
export interface Refusal {
  readonly address: string;
  /** Whose endpoint it is, and which pod, where the log tells; else empty. */
  readonly service: string;
  readonly pod: string;
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

export interface LogReport {
  readonly lines: number;
  /** Lines that begin no klog entry, and belong to none. */
  readonly odd: number;
  readonly syncs: {
    readonly failed: number;
    readonly first: number;
    readonly last: number;
    readonly why: string;
    /** Whether the log ends so: the rules are those of the last good sync. */
    readonly failing: boolean;
  };
  /** How many services' ports the log names. */
  readonly services: number;
  /** Those that never had rules, as far as the log goes. */
  readonly never: readonly ServicePort[];
  /** Those that had them only after failures. */
  readonly late: readonly ServicePort[];
  readonly withoutEndpoints: readonly {
    readonly service: string;
    readonly count: number;
    readonly last: number;
  }[];
  readonly refused: readonly Refusal[];
  /** Connections to the API server that failed: kube-proxy knows nothing newer meanwhile. */
  readonly apiServer: { readonly count: number; readonly first: number; readonly last: number };
}
