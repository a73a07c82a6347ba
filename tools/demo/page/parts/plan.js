import { byId, element, keyed, setText } from "./dom.js";
import { causeInWords } from "./words.js";

/** The plan that is shown; undefined: none is. */
let shown;

/** Posts JSON to the control server; answers what it said, or an error in words. */
async function post(path, body) {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const answer = await response.json();
    return response.ok ? { answer } : { error: answer.error };
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof SyntaxError)) throw error;
    return { error: "the control server does not answer" };
  }
}

function say(words) {
  setText(byId("planned"), words);
}

function show(plan) {
  shown = plan;
  const moves = plan?.moves ?? [];
  byId("moves").hidden = moves.length === 0;
  byId("rows").replaceChildren(
    ...moves.map(({ who, from, to, cause }) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, who),
        element("td", {}, from),
        element("td", {}, to === "" ? "nowhere: it ends" : to),
        element("td", {}, causeInWords(cause, from)),
      ),
    ),
  );
  const rest = (plan?.moved ?? 0) - moves.length;
  setText(byId("rest"), rest > 0 ? `and ${rest} more` : "");
  const make = byId("make");
  make.hidden = plan?.add === undefined;
  if (plan?.add !== undefined) setText(make, `Add ${plan.add} now`);
}

async function busy(button, work) {
  button.setAttribute("aria-busy", "true");
  await work();
  button.removeAttribute("aria-busy");
}

async function ask() {
  const remove = byId("change").value;
  const { answer, error } = await post("/demo/plan", remove === "" ? {} : { remove });
  show(answer);
  say(error === undefined ? answer.sentence : `Nobody can say: ${error}`);
}

async function make() {
  const { add, revision } = shown;
  const { error } = await post("/demo/pods", { revision });
  show(undefined);
  say(
    error === undefined
      ? `${add} was added. It takes new sessions; nobody was moved for it.`
      : `Not added: ${error}`,
  );
  // The button that was pressed is gone.
  byId("change").focus();
}

/** Makes the form work that says who would move. */
export function openPlan() {
  byId("plan-form").addEventListener("submit", (event) => {
    event.preventDefault();
    void busy(byId("ask"), ask);
  });
  byId("change").addEventListener("change", () => {
    show(undefined);
    say("");
  });
  byId("make").addEventListener("click", () => busy(byId("make"), make));
}

/** What can be planned: one pod more, or one less of those that there are. */
export function drawPlan({ pods, operates }) {
  byId("plan").hidden = !operates;
  keyed(
    byId("change"),
    ["", ...pods.map(({ id }) => id)],
    (id) => id,
    (id) => element("option", { value: id }),
    (option, id) => setText(option, id === "" ? "Add a pod" : `Take ${id} out`),
  );
}
