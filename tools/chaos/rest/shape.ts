import { jsonAnswer, jsonOf, type RestFault } from "./fault.ts";

/**
 * `types`: strings become numbers, numbers words, lists objects, nothing becomes false. `nothing`: every result is null.
 * `short`: a list lacks its last item, also that of a pipeline. `deep`: every result is wrapped once more. `liar`: texts of
 * digits are 0 and other texts the same, so that a verdict comes with an epoch that cannot be.
 */
export type Shape = "types" | "nothing" | "short" | "deep" | "liar";

const bend: Record<Shape, (result: unknown) => unknown> = {
  types: (result) => {
    if (typeof result === "string") return 42;
    if (typeof result === "number") return "seven";
    return Array.isArray(result) ? { ...result } : false;
  },
  nothing: () => null,
  short: (result) => (Array.isArray(result) ? result.slice(0, -1) : result),
  deep: (result) => [result],
  liar: (result) => {
    if (Array.isArray(result)) return result.map(bend.liar);
    return typeof result === "string" && /^[0-9]{1,10}$/.test(result) ? "0" : result;
  },
};

/** Does what was asked, and answers JSON that is not what it should be. */
export const shape =
  ({ shape = "types" }: { shape?: Shape } = {}): RestFault =>
  async ({ next }) => {
    const answer = await next();
    if (answer === undefined || answer.status !== 200) return answer;
    const bent = (one: unknown) => {
      if (typeof one !== "object" || one === null || !("result" in one)) return one;
      return { result: bend[shape](one.result) };
    };
    const json = jsonOf(answer);
    if (!Array.isArray(json)) return jsonAnswer(bent(json));
    const all = json.map(bent);
    return jsonAnswer(shape === "short" ? all.slice(0, -1) : all);
  };
