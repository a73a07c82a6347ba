/** The element with this id; the page is broken without it. */
export function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}

/** A new element: `element("li", { class: "chip" }, "text", child)`. Strings become text, never markup. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** Sets a text only when it is another, so that what is unchanged is neither repainted nor announced again. */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * Makes the children of `parent` those of `items`, in order, keeping the elements of keys that stay: focus, and what the
 * reader is looking at, survive. `make(item)` builds one, `update(element, item)` fills it in.
 */
export function keyed(parent, items, keyOf, make, update) {
  const keys = new Set(items.map(keyOf));
  // Those that go, go first: an element that is moved to another place loses the focus.
  for (const child of [...parent.children]) if (!keys.has(child.dataset.key)) child.remove();
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    let child = old.get(key);
    if (child === undefined) {
      child = make(item);
      child.dataset.key = key;
    }
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  }
}

/** The time of day of a moment in milliseconds since the epoch. */
export function clock(at) {
  return new Date(at).toLocaleTimeString([], {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  });
}

/** A number from 0 to 7 that stands for a pod in the style sheet: its ordinal, else a hash of its id. */
export function tint(pod) {
  const ordinal = /-(\d+)$/.exec(pod);
  if (ordinal !== null) return Number(ordinal[1]) % 8;
  return [...pod].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 8;
}
