import { once } from "node:events";
import { expect, it } from "vitest";
import { useFaults } from "../support/faults.ts";

const faults = useFaults({ killed: { count: 2 }, cut: { count: 1 } });

/** A WebSocket through the edge, and the pod that greeted it. */
async function dial(pool: string): Promise<{ socket: WebSocket; pod: string }> {
  const socket = new WebSocket(`${faults.stack.url.replace("http", "ws")}/${pool}`);
  const [{ data }] = (await once(socket, "message")) as [MessageEvent];
  return { socket, pod: String(data) };
}
const codeOf = async (socket: WebSocket) => ((await once(socket, "close")) as [CloseEvent])[0].code;

it("WebSocket on a killed pod: 1006 at once, and the next one goes elsewhere", async () => {
  const open = await Promise.all(Array.from({ length: 8 }, () => dial("killed")));
  const victim = faults.of("killed").find(({ id }) => id === open[0]!.pod)!;
  const began = performance.now();
  const theirs = open.filter(({ pod }) => pod === victim.id).map(({ socket }) => codeOf(socket));
  await victim.inject("refuse");
  expect(new Set(await Promise.all(theirs))).toEqual(new Set([1006]));
  console.log(
    `WebSocket on a killed pod: ${theirs.length} told in ${Math.round(performance.now() - began)} ms`,
  );
  const next = await dial("killed");
  expect(next.pod).not.toBe(victim.id);
  for (const { socket, pod } of [...open, next]) {
    if (pod === victim.id) continue;
    // The others stand, and end in order.
    expect(socket.readyState).toBe(WebSocket.OPEN);
    const closed = codeOf(socket);
    socket.close(4000);
    expect(await closed).toBe(4000);
  }
});

it("WebSocket that its pod resets at a message: 1006, though the pod lives", async () => {
  const [pod] = faults.of("cut");
  await pod!.inject("kill-web-socket", { when: "message" });
  const { socket } = await dial("cut");
  const closed = codeOf(socket);
  socket.send("hello");
  expect(await closed).toBe(1006);
  expect((await dial("cut")).pod).toBe(pod!.id);
});
