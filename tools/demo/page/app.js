import { tell } from "./parts/banner.js";
import { look, mine, onCart, openShop } from "./parts/cart.js";
import { follow } from "./parts/stream.js";
import { noteSilence } from "./parts/timeline.js";
import { drawWall } from "./parts/wall.js";

let state;
let moves = 0;

async function act(pod, verb) {
  try {
    const response = await fetch(`/demo/pods/${pod}/${verb}`, { method: "POST" });
    // 409: someone else was quicker, and the next event of the stream shows it.
    if (!response.ok && response.status !== 409) tell({ demo: "refused" });
    await response.arrayBuffer();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    tell({ demo: "silent" });
  }
}

function draw() {
  if (state === undefined) return;
  const you = mine === undefined ? undefined : { pod: mine.pod, items: mine.items.length, moves };
  drawWall(state, you, act);
}

let lastPod;
onCart((cart) => {
  if (lastPod !== undefined && lastPod !== cart.pod) moves += 1;
  lastPod = cart.pod;
  draw();
});

openShop();

void follow(
  "/demo/events",
  (news) => {
    state = news;
    tell({ state, demo: "answers" });
    draw();
  },
  (status) => tell({ demo: status === -1 ? "silent" : status === 0 ? "waiting" : "refused" }),
);

await look();
// While it flows, the pod is there. When it breaks off, the next look says where the session went: no need to ask in between.
await follow(
  "/events",
  () => tell({ shop: "answers" }),
  async (status) => {
    if (status === 0 && mine !== undefined) noteSilence(mine.pod);
    await look();
  },
);
