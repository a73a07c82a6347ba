import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { Worker } from "node:worker_threads";
import type { PodFault } from "./fault.ts";

/**
 * Listens with the shortest queue there is and never accepts: a thread that sleeps, as libuv accepts whenever its loop turns.
 */
const SLEEPER = `
const { createServer } = require("node:net");
const { parentPort, workerData } = require("node:worker_threads");
const server = createServer();
parentPort.once("message", () => server.listen({ port: workerData.port, host: "127.0.0.1", backlog: 1 }, () => {
  parentPort.postMessage("listening");
  Atomics.wait(workerData.gate, 0, 0);
  process.exit();
}));
parentPort.postMessage("started");`;
/** Milliseconds after which a SYN over the loopback counts as unanswered. */
const UNANSWERED = 150;
/** A backlog of 1 holds 2 on Linux; elsewhere it may be a few more. */
const FILLERS = 64;

/**
 * Answers no SYN, as a host that is gone or a full queue: connecting hangs. Idle connections are closed, busy ones are
 * left to end. Linux drops the SYN; where the system refuses instead, this answers as `refuse` does.
 */
export function unansweredSyn(): PodFault {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  let sleeper: Worker | undefined;
  const fillers: Socket[] = [];
  const rouse = async () => {
    for (const socket of fillers.splice(0)) socket.destroy();
    if (sleeper === undefined) return;
    const ended = once(sleeper, "exit");
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
    await ended;
    sleeper = undefined;
  };
  return {
    async begin({ port, refuse }) {
      sleeper = new Worker(SLEEPER, { eval: true, workerData: { port, gate } });
      await once(sleeper, "message");
      // A thread takes long to start, and a port that refuses meanwhile would be another fault.
      await refuse();
      sleeper.postMessage("listen");
      await once(sleeper, "message");
      while (await accepted(port, fillers)) {
        if (fillers.length < FILLERS) continue;
        await rouse();
        throw new Error(`port ${port} still accepts after ${FILLERS} connections`);
      }
    },
    async lift(levers) {
      await rouse();
      await levers.listen();
    },
  };
}

/** Adds one connection to the queue; false when there was no room for it. */
function accepted(port: number, fillers: Socket[]): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  fillers.push(socket);
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), UNANSWERED);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(true);
    });
    // When the queue is emptied at the end.
    socket.on("error", () => socket.destroy());
  });
}
