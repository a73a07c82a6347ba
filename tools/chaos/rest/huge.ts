import { jsonAnswer, type RestFault } from "./fault.ts";

/** Answers with a result of so many bytes, 10 MB unless said, for each command; does nothing. */
export const huge =
  ({ bytes = 10 * 1024 * 1024 }: { bytes?: number } = {}): RestFault =>
  async ({ call }) => {
    const result = "x".repeat(Math.floor(bytes / Math.max(1, call.commands.length)));
    return jsonAnswer(call.path === "/" ? { result } : call.commands.map(() => ({ result })));
  };
