import type { Background } from "../../src/model/ports.ts";
import type { Watch } from "../../src/route/socket.ts";

/** How often a socket looks at its pod at least. Milliseconds. */
const LOOK = 5000;
/** How long a side may take to answer a closing, and what is queued for it to leave. Milliseconds. */
const PATIENCE = 10_000;
/** What may wait for a slow side, and then one message more. Bytes. */
const QUEUE = 8 * 1024 * 1024;
/** The same while more than `TOTAL` waits in the isolate: many slow sides together must not be its end. Bytes. */
const CROWDED = 256 * 1024;
const TOTAL = 32 * 1024 * 1024;
/** How often a queue is looked at that must be empty before the connection is cut. Milliseconds. */
const POLL = 20;

const PROTOCOL_ERROR = 1002;
const NO_CODE = 1005;
const ABNORMAL = 1006;
const SERVICE_RESTART = 1012;
const TRY_AGAIN = 1013;

/** The WebSockets that this isolate pumps. */
export class Sockets {
  /** How many are open: as long as there are any, their pods' states matter. */
  open = 0;
  /** What waits for all their sides, as each saw it last. Bytes. */
  #waiting = 0;
  readonly #leave: (background: Background) => void;

  /** @param leave told before all work of a request ends at once */
  constructor(leave: (background: Background) => void) {
    this.#leave = leave;
  }

  /**
   * Pumps a pod's 101 both ways until either side closes or the watch says that it is over. The runtime never stops
   * reading, so there is no back-pressure: a side for which too much waits is closed instead.
   */
  pump(response: Response, watch: Watch, background: Background): Response {
    const pod = response.webSocket;
    if (pod === null) return response;
    const { 0: outer, 1: client } = new WebSocketPair();
    const sides = [client, pod];
    let known = 0;
    const measure = () => {
      const now = ended ? 0 : client.bufferedAmount + pod.bufferedAmount;
      this.#waiting += now - known;
      known = now;
    };
    let ended = false;
    let closing = false;
    let shut = false;
    let lost = false;
    let timer: ReturnType<typeof setTimeout>;
    const wait = (ms: number, then: () => void) => {
      clearTimeout(timer);
      if (!ended) timer = setTimeout(then, ms);
    };
    const end = () => {
      clearTimeout(timer);
      if (ended) return;
      ended = true;
      measure();
      this.open--;
      watch.ended();
    };
    const cut = () => {
      if (ended) return;
      end();
      this.#leave(background);
      // Nothing else ends a WebSocket without a closing. An error that is retryable is not logged as one of ours.
      background.abort?.(Object.assign(new Error("Network connection lost."), { retryable: true }));
    };
    /** What the lost side had sent still reaches the other. */
    const flush = (other: WebSocket, until: number) => {
      if (other.bufferedAmount === 0 || Date.now() > until) cut();
      else wait(POLL, () => flush(other, until));
    };
    const stop = (code: number, reason: string) => {
      closing = true;
      shut = true;
      for (const side of sides) close(side, code, reason);
      wait(PATIENCE, cut);
    };
    const look = async () => {
      measure();
      const over = await watch.over();
      // What ends meanwhile has its own use of the timer.
      if (ended || closing) return;
      if (!over) wait(period, look);
      else wait(Math.random() * (watch.jitter - period), () => stop(SERVICE_RESTART, "service restart"));
    };
    const tie = (from: WebSocket, to: WebSocket) => {
      const gone = (code: number, reason: string) => {
        if (ended || !sides.includes(from)) return;
        sides.splice(sides.indexOf(from), 1);
        closing = true;
        if (code === ABNORMAL) {
          if (lost) return cut();
          lost = true;
          return flush(to, Date.now() + PATIENCE);
        }
        // The other is lost, and what it had sent is on its way here.
        if (lost) return;
        close(to, code, reason);
        if (sides.length === 0) end();
        else wait(PATIENCE, cut);
      };
      from.binaryType = "arraybuffer";
      from.addEventListener("message", ({ data }) => {
        if (shut) return;
        measure();
        if (to.bufferedAmount > (this.#waiting > TOTAL ? CROWDED : QUEUE))
          stop(TRY_AGAIN, "reads too slowly");
        else to.send(data);
      });
      from.addEventListener("close", ({ code, reason }) => gone(code, reason));
      // The runtime has told the side itself what is wrong with its messages, and says so in words alone.
      from.addEventListener("error", ({ message }) => {
        gone(Number(/statusCode = (\d+)/.exec(message)?.[1] ?? ABNORMAL), "");
      });
      // Half open: a closing is answered by the other side, not by the runtime.
      from.accept({ allowHalfOpen: true });
    };
    const period = Math.min(LOOK, watch.jitter);
    this.open++;
    tie(pod, client);
    tie(client, pod);
    // From a moment of its own on: so the closings at a deadline spread by themselves.
    wait(Math.random() * period, look);
    const { status, headers } = response;
    return new Response(null, { status, headers, webSocket: outer });
  }
}

/** What a side must not say in a closing becomes a protocol error. */
function close(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState === WebSocket.READY_STATE_CLOSED) return;
  const forbidden = code < 1000 || code > 4999 || code === 1004 || code === ABNORMAL || code === 1015;
  if (code === NO_CODE) socket.close();
  else if (forbidden) socket.close(PROTOCOL_ERROR);
  else socket.close(code, reason);
}
