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
  const dialled = new Set<() => void>();
  /** Whether it is connected, or comes to be in time. */
  const connected = () =>
    new Promise<boolean>((resolve) => {
      if (open !== undefined) return resolve(true);
      const done = () => {
        clearTimeout(late);
        dialled.delete(done);
        resolve(open !== undefined);
      };
      const late = setTimeout(done, LOST);
      dialled.add(done);
    });
  const wrong = (text: string, from: number, until = Date.now()) => {
    const { name: client, pod } = user;
    user.recorder.trouble({ client, method: "GET", status: 0, text, from, until, pod });
  };

  const connect = () => {
    const from = Date.now();
    const url = user.url().replace(/^http/, "ws");
    const dialling = new WebSocket(`${url}/socket`, { headers: user.headers(), perMessageDeflate: false });
    let pod = "";
    let why = "";
    const late = setTimeout(() => {
      why = "no greeting in time";
      dialling.terminate();
    }, LOST);
    dialling.on("upgrade", ({ headers }) => user.jar.keep(headers["set-cookie"] ?? []));
    dialling.on("message", (data: Buffer) => {
      const text = data.toString();
      // It is greeted by the pod's name.
      if (pod === "") {
        pod = text;
        open = dialling;
        clearTimeout(late);
        user.answeredBy(pod, from);
        for (const done of dialled) done();
      } else waiting.get(text.replace(/^echo /, ""))?.(pod);
    });
    // Why it failed is told by the close that follows, or by the answer in place of a handshake.
    dialling.on("error", (error) => {
      why ||= String(error);
    });
    dialling.once("close", () => {
      clearTimeout(late);
      for (const lost of waiting.values()) lost(undefined);
      open = undefined;
      const at = Date.now();
      if (pod !== "") user.recorder.interrupted({ what: "socket", user: user.name, pod, since: from, at });
      else wrong(`/socket ${why}`, from, at);
      setTimeout(connect, ANEW);
    });
  };
  return {
    begin: connect,
    async act(due) {
      // What is due while it is cut waits until it is connected again: that is part of what a user waits.
      const from = Date.now();
      if (!(await connected())) return wrong("not connected in time", from);
      const text = `${++said}`;
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
      // That it was cut has been told.
      else if (open !== undefined) wrong(`no echo from ${to}`, from);
    },
    get held() {
      return open === undefined ? 0 : 1;
    },
  };
}
