import { byId } from "./dom.js";

/** What the page knows of the world: the demo's state, and how its own last requests went. */
const known = { state: undefined, demo: "waiting", shop: "waiting" };

function text() {
  const { state, demo, shop } = known;
  const dead = state?.pods.filter((pod) => !pod.alive) ?? [];
  if (demo === "silent" && shop !== "answers") {
    return "The edge does not answer. Is it still running? This page tries again every second.";
  }
  if (demo === "refused") {
    return "The demo's control server does not answer, so what is shown of the pods may be out of date.";
  }
  if (demo === "absent") {
    return "This shop runs without the demo's control server: there is nothing to show of its pods and other shoppers.";
  }
  if (state !== undefined && dead.length === state.pods.length) {
    const starting = dead.some((pod) => pod.status === "starting");
    return starting ? "No pod is alive yet: one is starting." : "No pod is alive: revive one.";
  }
  if (shop === "refused") {
    return "No pod has taken your request yet. The edge needs a moment to see which pods are alive; this page tries again.";
  }
  return "";
}

/** Notes what has become known, and shows what a person should do about it, if anything. */
export function tell(news) {
  Object.assign(known, news);
  const banner = byId("banner");
  const words = text();
  if (banner.textContent !== words) banner.textContent = words;
  banner.hidden = words === "";
}
