import { tell } from "./banner.js";
import { parseDecision } from "./decision.js";
import { byId, element, keyed, setText, tint } from "./dom.js";
import { noteCart } from "./timeline.js";
import { count, decisionInWords } from "./words.js";

const GOODS = ["Rope", "Lantern", "Compass", "Buoy", "Sail", "Chart"];

/** The cart as last answered; undefined before. */
export let mine;
const watchers = [];

/** Calls `watcher` after each answer about the cart. */
export function onCart(watcher) {
  watchers.push(watcher);
}

function showDecision(header) {
  const decision = parseDecision(header);
  const words =
    decision === undefined ? "The edge did not say: it explains only when its config has explain: true." : "";
  setText(byId("words"), words || decisionInWords(decision));
  setText(byId("header"), header === null ? "" : `Mooring-Decision: ${header}`);
  return decision;
}

function showNotice(text) {
  const notice = byId("notice");
  setText(notice, text);
  notice.hidden = text === "";
}

/** Says which pod holds the cart, or held it when that pod is not alive. */
export function showHolder(alive) {
  if (mine === undefined) return;
  const holder = byId("holder");
  const key = `${mine.pod} ${alive}`;
  if (holder.dataset.key === key) return;
  const label = element("strong", { class: `pod-name tint-${tint(mine.pod)}` }, mine.pod);
  const words = alive ? ["Held by ", ", in its memory only."] : ["It was held by ", ", which is dead."];
  holder.replaceChildren(words[0], label, words[1]);
  holder.dataset.key = key;
  holder.dataset.pod = mine.pod;
}

function showCart(cart) {
  const amounts = new Map();
  for (const item of cart.items) amounts.set(item, (amounts.get(item) ?? 0) + 1);
  keyed(
    byId("items"),
    amounts.size === 0 ? [["", 0]] : [...amounts],
    ([item]) => item,
    () => element("li"),
    (li, [item, amount]) => {
      setText(li, amount === 0 ? "Nothing in it yet." : amount === 1 ? item : `${item} × ${amount}`);
      li.classList.toggle("none", amount === 0);
    },
  );
  byId("empty").hidden = cart.items.length === 0;
}

async function ask(method, item) {
  const init = { method, cache: "no-store" };
  if (item !== undefined) {
    init.headers = { "content-type": "application/json" };
    init.body = JSON.stringify({ item });
  }
  const response = await fetch("/cart", init);
  const text = await response.text();
  const decision = showDecision(response.headers.get("mooring-decision"));
  if (!response.ok) return { status: response.status, text };
  mine = JSON.parse(text);
  noteCart(mine, decision);
  showHolder(true);
  showCart(mine);
  for (const watcher of watchers) watcher(mine);
  return { status: response.status };
}

/** Looks at the cart through the edge, and shows what came of it. Answers whether a pod did. */
export async function look() {
  try {
    const { status } = await ask("GET");
    const answered = status < 400;
    tell({ shop: answered ? "answers" : "refused" });
    if (answered) showNotice(lossOf(mine));
    return answered;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    tell({ shop: "silent" });
    return false;
  }
}

function lossOf(cart) {
  return cart.lost
    ? `Your cart of ${count(cart.had.items, "item")} was lost with ${cart.had.pod}. This one is new.`
    : "";
}

async function change(method, item) {
  const before = mine?.pod;
  let answer;
  try {
    answer = await ask(method, item);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    answer = { status: 0 };
  }
  if (answer.status > 0 && answer.status < 400) {
    tell({ shop: "answers" });
    showNotice(lossOf(mine));
    return;
  }
  if (answer.status >= 400 && answer.status < 500) {
    showNotice(JSON.parse(answer.text).error ?? "The shop did not take that.");
    return;
  }
  // Nobody sends a change twice on its own, as the first may have been carried out: that is for the person to decide.
  const found = await look();
  const now = found ? `This is your cart on ${mine.pod}: add it again.` : "Try again in a moment.";
  showNotice(`${before ?? "The pod"} did not confirm ${item ?? "that"}. ${now}`);
}

/** Makes the buttons of the shop work. */
export function openShop() {
  for (const item of GOODS) {
    const button = element(
      "button",
      { type: "button" },
      element("span", { "aria-hidden": "true" }, "+ "),
      item,
    );
    button.addEventListener("click", () => change("POST", item));
    byId("goods").append(button);
  }
  byId("empty").addEventListener("click", () => {
    byId("goods").querySelector("button").focus();
    return change("DELETE");
  });
}
