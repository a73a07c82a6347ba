import type { Pod } from "../../src/model/pod.ts";
import type { Background } from "../../src/model/ports.ts";
import type { Failure, Forwarder, Shipment } from "../../src/route/edge.ts";
import { Call, type Send } from "./call.ts";
import type { Dice } from "./dice.ts";
import { MINTED } from "./document.ts";
import type { Loop } from "./loop.ts";
import type { Cut, Net } from "./net.ts";
import { HELD } from "./places.ts";
import { type Pods, podKey, type SimPod } from "./pods.ts";

/** The pod that answered, by its tag: how the watch and nobody else knows. */
export const ANSWERED_BY = "x-sim-pod";

export interface ForwarderParts {
  readonly loop: Loop;
  readonly net: Net;
  readonly pods: Pods;
  readonly dice: Dice;
  readonly me: string;
  readonly alive: () => boolean;
  /** Called as a request is to leave for a pod, as it does, and as it reaches one. */
  readonly sent: (call: Call, shipment: Shipment) => void;
  readonly left: (call: Call, send: Send) => void;
  readonly reached: (call: Call, pod: SimPod, shipment: Shipment) => void;
  /** Requests that wait for a pod's headers. */
  readonly waiting: { count: number };
  /** How long a pod works on a request; absent: as schedules have it. Milliseconds. */
  readonly work?: (dice: Dice) => number;
}

/** One in ten takes its time. */
function usualWork(dice: Dice): number {
  return dice.odds(0.1) ? dice.between(50, 900) : dice.between(0.2, 10);
}

/** The way to the simulated pods. What fails here fails as workerd says it: refused, reset and closed look alike. */
export function simForwarder(parts: ForwarderParts): Forwarder {
  return {
    send: (shipment, background) => send(parts, shipment, callOf(background)),
    connects: (pod, path, timeout) => connects(parts, pod, path, timeout),
    // Bodies here are short and whole, and no pool asks to hold them.
    gather: async (body) => new Uint8Array(await new Response(body).arrayBuffer()),
    dress: (response, headers) => new Response(null, { status: response.status, headers }),
    // No pod here opens a WebSocket.
    pump: (response) => response,
    hold(response, release) {
      parts.loop.after(parts.dice.between(0, HELD), () => parts.alive() && release());
      return response;
    },
  };
}

function callOf(background: Background): Call {
  if (background instanceof Call) return background;
  throw new Error("a request was sent under another's name");
}

function send(parts: ForwarderParts, shipment: Shipment, call: Call): Promise<Response | Failure> {
  const { loop, net, pods, dice, me, alive, waiting, work = usualWork } = parts;
  const { pod } = shipment;
  const process = pods.of(pod);
  const record: Send = { pod: pod.tag, key: podKey(pod), at: loop.now, ended: undefined, result: undefined };
  parts.sent(call, shipment);
  call.sends.push(record);
  parts.left(call, record);
  waiting.count++;
  return new Promise((resolve) => {
    const end = (answer: Response | Failure) => {
      cancel();
      if (!alive() || record.ended !== undefined) return;
      waiting.count--;
      record.ended = loop.now;
      record.result = typeof answer === "string" ? answer : String(answer.status);
      call.podTime += loop.now - record.at;
      if (answer === "connect") process.trouble();
      resolve(answer);
    };
    const cancel = loop.after(Math.min(shipment.timeout, shipment.limit ?? shipment.timeout), () =>
      end("timeout"),
    );
    const lost = (how: Cut) => {
      process.trouble();
      if (how === "refuse") end("connect");
    };
    const back = (answer: Response | Failure) => net.send(pod.id, me, () => end(answer), lost);
    const arrive = () => {
      if (process.mode === "dead" || process.mode === "reset") return back("connect");
      parts.reached(call, process, shipment);
      if (process.mode === "cut") return back("connect");
      if (process.mode === "hang") return;
      loop.after(work(dice), () => {
        // It may have died, or been stopped in its tracks, while it worked.
        if (process.mode === "dead") back("connect");
        else if (process.mode !== "hang") back(respond(shipment, process, call));
        if (process.mode === "dies") process.mode = "dead";
      });
    };
    net.send(me, pod.id, arrive, lost);
  });
}

function respond({ pod, headers: asked }: Shipment, process: SimPod, call: Call): Response {
  const headers: Record<string, string> = { [ANSWERED_BY]: String(pod.tag) };
  if (call.mints) {
    const known = new RegExp(`${MINTED}=([^;]+)`).exec(new Headers(asked).get("cookie") ?? "")?.[1];
    // As applications do: a session that it does not know is replaced by one of its own.
    if (known === undefined || !process.minted.has(known)) {
      const id = `${process.key}/${process.minted.size}`;
      process.minted.add(id);
      headers["set-cookie"] = `${MINTED}=${id}; Path=/`;
    }
  }
  if (call.spec.shared) headers["cache-control"] = "public, max-age=60";
  return new Response(null, { status: process.mode === "error" ? 500 : 200, headers });
}

/** A GET of the probe's path; a time-out is an open question, as in worker/edge/forward.ts. */
function connects(parts: ForwarderParts, pod: Pod, _path: string, timeout: number): Promise<boolean> {
  const { loop, net, pods, me, alive } = parts;
  const process = pods.of(pod);
  return new Promise((resolve) => {
    const end = (well: boolean) => {
      cancel();
      if (!well) process.trouble();
      if (alive()) resolve(well);
    };
    const cancel = loop.after(timeout, () => end(true));
    const lost = (how: Cut) => {
      if (how === "refuse") end(false);
    };
    const arrive = () => {
      const { mode } = process;
      if (mode === "hang") return;
      net.send(pod.id, me, () => end(mode !== "dead" && mode !== "reset" && mode !== "cut"), lost);
    };
    net.send(me, pod.id, arrive, lost);
  });
}
