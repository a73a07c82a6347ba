import { crc32 } from "node:zlib";

// The ring of ketama once more, slow and plain, by the CRC-32 of zlib: what the core and its fallback are compared with.

interface Point {
  readonly hash: number;
  readonly pod: number;
}

/** CRC-32 of a text and more bytes behind it. */
function crcOf(text: string, more: Uint8Array): number {
  return crc32(Buffer.concat([Buffer.from(text, "utf8"), more]));
}

export class ReferenceKetama {
  readonly #points: readonly Point[];

  /** @param pods in the order in which points that are equal go to them */
  constructor(pods: readonly { readonly id: string; readonly weight: number }[]) {
    const points = pods.flatMap(({ id, weight }, pod) => {
      const own: Point[] = [];
      const last = Buffer.alloc(4);
      for (let i = 0; i < 160 * weight; i++) {
        const hash = crcOf(id, last);
        last.writeUInt32LE(hash);
        own.push({ hash, pod });
      }
      return own;
    });
    this.#points = points.sort((a, b) => a.hash - b.hash || a.pod - b.pod);
  }

  find(key: string, out: ReadonlySet<number> = new Set()): number {
    return this.at(crc32(key), out);
  }

  at(hash: number, out: ReadonlySet<number> = new Set()): number {
    const in_ = this.#points.filter(({ pod }) => !out.has(pod));
    return (in_.find((point) => point.hash >= hash) ?? in_[0])?.pod ?? -1;
  }
}
