import { close } from "./close.ts";
import { cut } from "./cut.ts";
import { flap } from "./flap.ts";
import { garbage } from "./garbage.ts";
import { hang } from "./hang.ts";
import { killWebSocket } from "./kill-web-socket.ts";
import { lengthAndChunked } from "./length-and-chunked.ts";
import { refuse } from "./refuse.ts";
import { reset } from "./reset.ts";
import { slowBody } from "./slow-body.ts";
import { slowHeaders } from "./slow-headers.ts";
import { status } from "./status.ts";
import { twoLengths } from "./two-lengths.ts";
import { unansweredSyn } from "./unanswered-syn.ts";

/** The faults that a pod can have: names and options derive from this table. */
export const POD_FAULTS = {
  close,
  cut,
  flap,
  garbage,
  hang,
  "kill-web-socket": killWebSocket,
  "length-and-chunked": lengthAndChunked,
  refuse,
  reset,
  "slow-body": slowBody,
  "slow-headers": slowHeaders,
  status,
  "two-lengths": twoLengths,
  "unanswered-syn": unansweredSyn,
};

export type PodFaultName = keyof typeof POD_FAULTS;
/** What a fault may be told, as the arguments of its maker: none, one that may be left out, or one that may not. */
export type PodFaultOptions<N extends PodFaultName> = Parameters<(typeof POD_FAULTS)[N]>;
