import { byId, clock, element, keyed, setText, tint } from "./dom.js";
import { count, drainInWords } from "./words.js";

/** Shoppers whose move is being shown, by name, until when; milliseconds since the epoch. */
const arrivals = new Map();
const pods = new Map();
const SHOWN = 6000;
/** Kills shown before the latest. */
const BEFORE = 2;
/** The title of the list below the pods. */
const HAPPENED = "“Everything that happened”";

function chipText(shopper) {
  const cart = shopper.items === 0 ? "an empty cart" : count(shopper.items, "item");
  const moved =
    shopper.moves === 0 ? "never moved" : `moved ${shopper.moves === 1 ? "once" : `${shopper.moves} times`}`;
  return `${shopper.name}: ${cart}, ${moved}`;
}

function makeChip() {
  const parts = ["name", "size", "moves"].map((name) =>
    element("span", { class: name, "aria-hidden": "true" }),
  );
  return element("li", { class: "chip" }, element("span", { class: "unseen" }), ...parts);
}

function fillChip(chip, shopper) {
  const [unseen, name, size, moves] = chip.children;
  const you = shopper.you === true;
  const text = chipText(shopper);
  setText(unseen, text);
  chip.title = text;
  setText(name, shopper.name);
  setText(size, String(shopper.items));
  setText(moves, shopper.moves === 0 ? "" : `moved ${shopper.moves}×`);
  chip.classList.toggle("you", you);
  chip.classList.toggle("waiting", shopper.waiting === true);
  chip.classList.toggle("arrived", (arrivals.get(shopper.name) ?? 0) > Date.now());
}

function statusOf(pod, you) {
  const carts = count(pod.carts.length, "cart");
  if (pod.status === "starting") return "Starting, with an empty memory";
  if (!pod.alive) return `Dead since ${clock(pod.since)}. ${carts} lost`;
  if (pod.drain !== undefined) return drainInWords(pod.drain, clock);
  return you === undefined || you.items === 0 ? `${carts} in memory` : `${carts} in memory, yours among them`;
}

function makeCard(pod, act) {
  const [drain, life] = ["drain", "kill"].map((name) => {
    const button = element("button", { type: "button", class: "act", "data-act": name });
    button.addEventListener("click", async () => {
      button.setAttribute("aria-busy", "true");
      await act(pod.id, button.dataset.act);
      button.removeAttribute("aria-busy");
    });
    return button;
  });
  const acts = element("div", { class: "acts" }, drain, life);
  const title = element("h3", {}, element("span", { class: "dot", "aria-hidden": "true" }), pod.id);
  const head = element("div", { class: "head" }, title, acts);
  const list = element("ul", { class: "chips", "aria-label": `Shoppers on ${pod.id}` });
  return element("li", { class: `pod tint-${tint(pod.id)}` }, head, element("p", { class: "status" }), list);
}

function fillCard(card, { pod, shoppers, you, operates }) {
  const [head, status, list] = card.children;
  const [drain, button] = head.lastElementChild.children;
  const out = pod.drain !== undefined;
  drain.hidden = !operates || !(pod.alive || out);
  drain.dataset.act = out ? "ready" : "drain";
  setText(drain, out ? "Take back" : "Drain");
  drain.setAttribute("aria-label", out ? `Take the drain of ${pod.id} back` : `Drain ${pod.id}`);
  button.dataset.act = pod.status === "alive" ? "kill" : "revive";
  button.disabled = pod.status === "starting";
  setText(button, pod.status === "starting" ? "Starting…" : pod.alive ? "Kill" : "Revive");
  button.setAttribute("aria-label", `${pod.alive ? "Kill" : "Revive"} ${pod.id}`);
  setText(status, statusOf(pod, you));
  card.classList.toggle("dead", !pod.alive);
  card.classList.toggle("draining", pod.alive && out);
  card.classList.toggle("yours", you !== undefined);
  keyed(list, shoppers, (shopper) => shopper.name, makeChip, fillChip);
}

function verdictOf(state) {
  const kill = state.kills[0];
  if (kill !== undefined) return kill.sentence;
  const placed = state.shoppers.filter((shopper) => shopper.pod !== null).length;
  if (placed < state.shoppers.length)
    return `${placed} of ${state.shoppers.length} simulated shoppers have come in.`;
  const moved = state.shoppers.filter((shopper) => shopper.moves > 0).length;
  if (moved > 0) return `No pod was killed; ${count(moved, "shopper")} moved, as ${HAPPENED} tells.`;
  return "Nobody has moved. Kill a pod and see who does.";
}

/** Draws the pods with everybody who is on them. `you` is `{ pod, items, moves }`, undefined until the shop has answered. */
export function drawWall(state, you, act) {
  for (const shopper of state.shoppers) {
    const before = pods.get(shopper.name);
    if (before !== undefined && before !== shopper.pod) arrivals.set(shopper.name, Date.now() + SHOWN);
    if (shopper.pod !== null) pods.set(shopper.name, shopper.pod);
  }
  const everyone =
    you === undefined ? state.shoppers : [{ name: "You", you: true, ...you }, ...state.shoppers];
  keyed(
    byId("pods"),
    state.pods.map((pod) => ({
      pod,
      operates: state.operates,
      you: you?.pod === pod.id ? you : undefined,
      shoppers: everyone
        .filter((shopper) => shopper.pod === pod.id)
        .map((shopper) => (pod.alive ? shopper : { ...shopper, waiting: true })),
    })),
    ({ pod }) => pod.id,
    ({ pod }) => makeCard(pod, act),
    fillCard,
  );
  setText(byId("verdict"), verdictOf(state));
  byId("verdict").classList.toggle("after", state.kills.length > 0);
  keyed(
    byId("before"),
    state.kills.slice(1, 1 + BEFORE),
    ({ at, pod }) => `${at} ${pod}`,
    () => element("li"),
    (li, kill) => setText(li, kill.sentence),
  );
  byId("earlier").hidden = state.happened.length === 0;
  keyed(
    byId("happened"),
    state.happened,
    ({ at, text }) => `${at} ${text}`,
    ({ at, text }) => element("li", {}, element("time", {}, clock(at)), text),
    () => {},
  );
}
