import type { RestFault } from "./fault.ts";

/**
 * Does what was asked, and answers with the first half. With `connection` the whole is promised and the connection closes
 * early; else it looks like an answer that is complete.
 */
export const truncated =
  ({ connection = false }: { connection?: boolean } = {}): RestFault =>
  async ({ next }) => {
    const answer = await next();
    if (answer === undefined) return undefined;
    const body = answer.body.subarray(0, Math.floor(answer.body.length / 2));
    return { ...answer, body, ...(connection ? { promised: answer.body.length } : {}) };
  };
