import { WebSocket } from "ws";
import type { User } from "../user.ts";
import type { Habit } from "./habit.ts";

/** As clients wait before they connect anew, and until an echo counts as lost. Milliseconds. */
const [ANEW, LOST] = [1000, 30_000];

/** Talks with its pod over a WebSocket: each message must come back. */
export function socket(user: User): Habit {
  let open: WebSocket | undefined;
  let said = 0;
  const waiting = new Map<string, (pod: string | undefined) => void>();

  const connect = () => {
    const from = Date.now();
    const url = user.url().replace(/^http/, "ws");
    const dialling = new WebSocket(`${url}/socket`, { headers: user.headers(), perMessageDeflate: false });
    let pod = "";
    dialling.on("upgrade", ({ headers }) => user.jar.keep(headers["set-cookie"] ?? []));
    dialling.on("message", (data: Buffer) => {
      const text = data.toString();
      // It is greeted by the pod's name.
      if (pod === "") {
        pod = text;
        open = dialling;
        user.answeredBy(pod, from);
      } else waiting.get(text.replace(/^echo /, ""))?.(pod);
    });
    // Why it failed is told by the close that follows, or by the answer in place of a handshake.
    let why = "";
    dialling.on("error", (error) => {
      why = String(error);
    });
    dialling.once("close", () => {
      for (const lost of waiting.values()) lost(undefined);
      open = undefined;
      const at = Date.now();
      if (pod !== "") user.recorder.interrupted({ what: "socket", user: user.name, pod, since: from, at });
      else {
        const text = `/socket ${why}`;
        user.recorder.trouble({ client: user.name, method: "GET", status: 0, text, from, until: at });
      }
      setTimeout(connect, ANEW);
    });
  };
  return {
    begin: connect,
    async act(due) {
      // Until it is connected again there is nobody to talk to: that it was cut has been told.
      if (open === undefined) return;
      const text = `${++said}`;
      const from = Date.now();
      const to = user.pod;
      const came = await new Promise<boolean>((resolve) => {
        const late = setTimeout(() => resolve(false), LOST);
        waiting.set(text, (pod) => {
          clearTimeout(late);
          resolve(pod !== undefined);
        });
        open?.send(text);
      });
      waiting.delete(text);
      if (came) user.recorder.echoed(performance.now() - due);
      else if (open !== undefined) {
        const what = `no echo from ${to}`;
        user.recorder.trouble({
          client: user.name,
          method: "GET",
          status: 0,
          text: what,
          from,
          until: Date.now(),
        });
      }
    },
    get held() {
      return open === undefined ? 0 : 1;
    },
  };
}
