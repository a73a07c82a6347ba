import { byId, clock, element, tint } from "./dom.js";
import { causeInWords, count } from "./words.js";

const KEY = "mooring-demo-story";
const LIMIT = 30;

/** What happened to this session, oldest first: `{ at, kind, pod, text }`. A reload keeps it; another visitor begins anew. */
let story = { visitor: "", pod: undefined, lost: false, entries: [] };

function load() {
  try {
    story = JSON.parse(localStorage.getItem(KEY)) ?? story;
  } catch (error) {
    console.warn("the story of this session starts here, as what was kept of it cannot be read", error);
  }
}

function save() {
  try {
    localStorage.setItem(KEY, JSON.stringify(story));
  } catch (error) {
    console.warn("the story of this session will not survive a reload", error);
  }
}

function add(kind, pod, text) {
  story.entries = [...story.entries, { at: Date.now(), kind, pod, text }].slice(-LIMIT);
}

function render() {
  const list = byId("story");
  list.replaceChildren(
    ...story.entries.toReversed().map(({ at, kind, pod, text }) => {
      const time = element("time", { datetime: new Date(at).toISOString() }, clock(at));
      return element("li", { class: `entry ${kind} tint-${tint(pod)}` }, element("p", {}, text), time);
    }),
  );
}

function noteBinding(cart, decision) {
  const { outcome, from, cause } = decision ?? {};
  const { pod } = cart;
  if (outcome === "moved") {
    add("moved", pod, `Moved from ${from} to ${pod} because ${causeInWords(cause, from)} (${cause}).`);
  } else if (outcome === "bound") {
    add("bound", pod, `Bound to ${pod}: a new session.`);
  } else if (story.pod === undefined) {
    // The response that bound the session carried this page itself, and no script can read its headers.
    const fresh = cart.since >= performance.timeOrigin - 2000;
    add("bound", pod, fresh ? `Bound to ${pod}, with the request that loaded this page.` : `Kept on ${pod}.`);
  } else if (story.pod === pod && story.entries.at(-1)?.kind === "silent") {
    add("bound", pod, `${pod} answers again; the session is still bound to it.`);
  } else if (story.pod !== pod) {
    add("moved", pod, `Moved from ${story.pod} to ${pod}; another request of this browser was told why.`);
  }
}

function noteLoss(cart, decision) {
  if (cart.lost && !story.lost) {
    const items = count(cart.had.items, "item");
    const stayed = decision?.outcome === "moved" && decision.cause !== "pod-gone";
    const text = stayed
      ? `Your cart of ${items} stayed behind in ${cart.had.pod}'s memory.`
      : `Your cart of ${items} was lost with ${cart.had.pod}.`;
    add("lost", cart.had.pod, text);
  }
  story.lost = cart.lost;
}

/** Takes in a cart as the pod answered it, and the decision that came with it. */
export function noteCart(cart, decision) {
  if (story.visitor !== cart.visitor) {
    story = { visitor: cart.visitor, pod: undefined, lost: false, entries: [] };
  }
  const before = story.entries.at(-1);
  noteBinding(cart, decision);
  noteLoss(cart, decision);
  story.pod = cart.pod;
  if (story.entries.at(-1) !== before) render();
  save();
}

/** Takes in that the stream from the pod broke off. */
export function noteSilence(pod) {
  if (story.pod !== pod || story.entries.at(-1)?.kind === "silent") return;
  add("silent", pod, `The stream from ${pod} broke off.`);
  render();
  save();
}

load();
render();
