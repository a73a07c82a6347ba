import type { PodTag } from "../model/pod.ts";

/** SHA-256 of the data: `crypto.subtle.digest`. */
export type Digest = (data: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>;

const UTF8 = new TextEncoder();
const LABEL = "mooring/pod/1";

/** Fields with their lengths in bytes in front (4 bytes, big-endian), so that no two lists of fields read alike. */
export function encodeFields(fields: readonly string[]): Uint8Array<ArrayBuffer> {
  const parts = fields.map((field) => UTF8.encode(field));
  const out = new Uint8Array(parts.reduce((sum, part) => sum + 4 + part.length, 0));
  const view = new DataView(out.buffer);
  let at = 0;
  for (const part of parts) {
    view.setUint32(at, part.length);
    out.set(part, at + 4);
    at += 4 + part.length;
  }
  return out;
}

/** The first 6 bytes of SHA-256 over label, pool, pod id and generation, big-endian: the same at every edge. */
export async function podTag(pool: string, id: string, generation: number, digest: Digest): Promise<PodTag> {
  const view = new DataView(await digest(encodeFields([LABEL, pool, id, String(generation)])));
  return view.getUint16(0) * 2 ** 32 + view.getUint32(2);
}
