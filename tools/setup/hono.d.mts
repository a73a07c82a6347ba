/** The members that the worker has no use for, by file; private ones begin with "#". */
export const LEFT_OUT: Readonly<Record<string, readonly string[]>>;
/** The module without these members of its class. */
export function without(text: string, names: readonly string[]): string;
/** Path → text of hono/tiny and of all that it imports; `read` takes paths below its dist folder. */
export function smaller(read: (path: string) => string): Map<string, string>;
