/** A Node that can run the tools: this one or the installed one, with the flags that it needs. */
export function findNode(root: string): { readonly path: string; readonly flags: readonly string[] };
