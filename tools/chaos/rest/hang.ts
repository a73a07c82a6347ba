import { cut, type RestFault } from "./fault.ts";

/** Says nothing until the fault is lifted, then resets. With `after`, what was asked is done all the same. */
export const hang =
  ({ after = false }: { after?: boolean } = {}): RestFault =>
  async ({ next, over, socket }) => {
    if (after) await next();
    await over;
    return cut(socket);
  };
