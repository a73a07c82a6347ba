import { tell } from "./parts/banner.js";
import { look, mine, onCart, openShop, showHolder } from "./parts/cart.js";
import { drawPlan, openPlan } from "./parts/plan.js";
import { follow, pause } from "./parts/stream.js";
import { noteSilence } from "./parts/timeline.js";
import { drawWall } from "./parts/wall.js";

/** What the end of the demo's stream means, by its status: the edge cannot be reached, it broke off, it is not there. */
const DEMO = { "-1": "silent", 0: "waiting", 404: "absent" };

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
  drawPlan(state);
  showHolder(state.pods.find((pod) => pod.id === mine?.pod)?.alive !== false);
}

let lastPod;
onCart((cart) => {
  if (lastPod !== undefined && lastPod !== cart.pod) moves += 1;
  lastPod = cart.pod;
  draw();
});

openShop();
openPlan();

void follow(
  "/demo/events",
  (news) => {
    state = news;
    tell({ state, demo: "answers" });
    draw();
  },
  (status) => tell({ demo: DEMO[status] ?? "refused" }),
);

/** Looks at the cart until a pod answers. */
async function find() {
  while (!(await look())) await pause();
}

await find();
// While it flows, the pod is there: no need to ask in between. When it breaks off, the cart is looked for first, since the
// answer that says why the session was moved goes to whatever request comes first, and a stream has nothing to show it with.
await follow(
  "/events",
  ({ pod }) => {
    tell({ shop: "answers" });
    if (pod !== mine.pod) void look();
  },
  async (status) => {
    if (status === 0) noteSilence(mine.pod);
    await find();
  },
);
