import type { Own, Validated } from "../src/config/validate.ts";

/**
 * Reads a text of config, native or of Kubernetes objects: `parseText`, in a module that is loaded when a first text comes.
 * An isolate that serves traffic has its config compiled from the document, and reads no text.
 */
export async function parseText(text: string, own?: Own): Promise<Validated> {
  const reader = await import("../src/kubernetes/parse-text.ts");
  return reader.parseText(text, own);
}
