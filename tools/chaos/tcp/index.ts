import { bandwidth } from "./bandwidth.ts";
import { halfOpen } from "./half-open.ts";
import { latency } from "./latency.ts";
import { partition } from "./partition.ts";
import { refuse } from "./refuse.ts";
import { reset } from "./reset.ts";
import { truncate } from "./truncate.ts";

/** The faults that a TCP connection can have: names and options derive from this table. */
export const TCP_FAULTS = { bandwidth, "half-open": halfOpen, latency, partition, refuse, reset, truncate };

export type TcpFaultName = keyof typeof TCP_FAULTS;
/** What a fault may be told, as the arguments of its maker: none, one that may be left out, or one that may not. */
export type TcpFaultOptions<N extends TcpFaultName> = Parameters<(typeof TCP_FAULTS)[N]>;
