import { error } from "./error.ts";
import { hang } from "./hang.ts";
import { html } from "./html.ts";
import { huge } from "./huge.ts";
import { lag } from "./lag.ts";
import { lostWrites } from "./lost-writes.ts";
import { reset } from "./reset.ts";
import { shape } from "./shape.ts";
import { stale } from "./stale.ts";
import { status } from "./status.ts";
import { truncated } from "./truncated.ts";

/** The faults that a REST store can have: names and options derive from this table. */
export const REST_FAULTS = {
  error,
  hang,
  html,
  huge,
  lag,
  "lost-writes": lostWrites,
  reset,
  shape,
  stale,
  status,
  truncated,
};

export type RestFaultName = keyof typeof REST_FAULTS;
/** What a fault may be told, as the arguments of its maker: none, one that may be left out, or one that may not. */
export type RestFaultOptions<N extends RestFaultName> = Parameters<(typeof REST_FAULTS)[N]>;
