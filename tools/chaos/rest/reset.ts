import { cut, type RestFault } from "./fault.ts";

/** Resets the connection. With `after`, what was asked is done, and only the answer is lost. */
export const reset =
  ({ after = false }: { after?: boolean } = {}): RestFault =>
  async ({ next, socket }) => {
    if (after) await next();
    return cut(socket);
  };
