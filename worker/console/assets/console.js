// Keeps a page's live parts up to date. Without it every page works as it is, and is as old as its loading.

const period = Number(document.body.dataset.every) * 1000;
const parts = document.querySelectorAll("[data-live]");
const light = document.getElementById("live");
const banner = document.getElementById("lost");

/** What is lost now, and why; each is found again by itself. */
const lost = new Map();

/** @param {string} what @param {string | undefined} why */
function tell(what, why) {
  if (why === undefined) lost.delete(what);
  else lost.set(what, why);
  const [first] = lost.values();
  // A text that does not change is not read out again.
  if (banner.textContent !== (first ?? "")) banner.textContent = first ?? "";
  banner.hidden = first === undefined;
  light.textContent = first === undefined ? "Live" : "Not live";
  light.classList.toggle("lost", first !== undefined);
}

/** What a row or a card is of, where it says so. */
function keyOf(node) {
  return node.dataset?.key;
}

/** Makes what is there like what came, with as few changes as can be: focus and what somebody writes stay. */
function liken(there, came) {
  if (there.nodeType !== Node.ELEMENT_NODE) {
    if (there.nodeValue !== came.nodeValue) there.nodeValue = came.nodeValue;
    return;
  }
  for (const { name } of [...there.attributes]) {
    if (!came.hasAttribute(name) && name !== "open") there.removeAttribute(name);
  }
  for (const { name, value } of came.attributes) {
    if (there.getAttribute(name) !== value) there.setAttribute(name, value);
  }
  const news = [...came.childNodes];
  const keys = new Set(news.map(keyOf));
  const kept = new Map();
  // A row that went takes its buttons along: none may become that of another session under a finger.
  for (const old of [...there.childNodes]) {
    const key = keyOf(old);
    if (key === undefined) continue;
    if (keys.has(key)) kept.set(key, old);
    else old.remove();
  }
  for (const [i, next] of news.entries()) {
    const old = there.childNodes[i] ?? null;
    const same = kept.get(keyOf(next));
    if (same !== undefined) {
      if (same !== old) there.insertBefore(same, old);
      liken(same, next);
    } else if (old === null || keyOf(old) !== keyOf(next)) there.insertBefore(next, old);
    else if (old.nodeType !== next.nodeType || old.nodeName !== next.nodeName) old.replaceWith(next);
    else liken(old, next);
  }
  while (there.childNodes.length > news.length) there.lastChild.remove();
}

let looking = false;
async function refresh() {
  if (looking || document.hidden || parts.length === 0) return;
  looking = true;
  try {
    const response = await fetch(location.href, { signal: AbortSignal.timeout(15_000) });
    // The login has ended.
    if (response.redirected) return location.reload();
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    const came = [...parts].map((part) => [part, fresh.getElementById(part.id)]);
    if (came.every(([, now]) => now === null)) {
      // What the page was of is gone, which it says itself; or what stands before the edge has answered.
      if (response.status < 500) return location.reload();
      throw new Error(response.statusText);
    }
    for (const [part, now] of came) if (now !== null) liken(part, now);
    tell("page", undefined);
  } catch {
    tell("page", "The edge does not answer: what you see is old. Trying again.");
  } finally {
    looking = false;
  }
}

/** How soon after an event the page is looked at: what comes with it is seen at once, too. Milliseconds. */
const SOON = 300;
/** Until a stream is asked for again that was refused: a browser gives that up. Milliseconds. */
const AGAIN = 5000;

let stream;
let due;
let tried;

function soon() {
  // A page that costs its edge much to make is looked at as often as it says, whatever happens.
  if (due !== undefined) return;
  const look = () => {
    due = undefined;
    refresh();
  };
  due = setTimeout(look, period > 10_000 ? period : SOON);
}

/** Hears what happens while somebody looks: a page that nobody sees holds no stream open. */
function listen() {
  clearTimeout(tried);
  if (document.hidden) {
    stream?.close();
    stream = undefined;
    return;
  }
  if (stream !== undefined && stream.readyState !== EventSource.CLOSED) return;
  stream = new EventSource("/_mooring/v1/events");
  stream.onopen = () => {
    // What was said meanwhile is on the page.
    if (lost.has("stream")) soon();
    tell("stream", undefined);
  };
  stream.onerror = () => {
    tell(
      "stream",
      "The event stream is lost. Connecting again; until then the page is looked at now and then.",
    );
    if (stream?.readyState === EventSource.CLOSED) tried = setTimeout(listen, AGAIN);
  };
  for (const kind of [...document.body.dataset.kinds.split(","), "gap", "dropped"]) {
    stream.addEventListener(kind, soon);
  }
}

if (parts.length > 0) {
  tell("page", undefined);
  listen();
  setInterval(refresh, period);
  document.addEventListener("visibilitychange", () => {
    listen();
    refresh();
  });
}
