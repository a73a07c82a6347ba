const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const VALUES = new Uint8Array(128).fill(255);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** Encodes bytes whose number is a multiple of 3, so that there is neither padding nor slack. */
export function encode(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | (bytes[i + 1]! << 8) | bytes[i + 2]!;
    text += ALPHABET[group >>> 18]! + ALPHABET[(group >>> 12) & 63]! + ALPHABET[(group >>> 6) & 63]!;
    text += ALPHABET[group & 63]!;
  }
  return text;
}

/** Decodes text whose length is a multiple of 4; undefined when a character is not of the alphabet. */
export function decode(text: string): Uint8Array<ArrayBuffer> | undefined {
  const bytes = new Uint8Array((text.length >> 2) * 3);
  let bad = 0;
  for (let i = 0, o = 0; i < text.length; i += 4, o += 3) {
    // A code above 127 reads past the table: NaN-free, as `?? 255` marks it bad.
    const a = VALUES[text.charCodeAt(i)] ?? 255;
    const b = VALUES[text.charCodeAt(i + 1)] ?? 255;
    const c = VALUES[text.charCodeAt(i + 2)] ?? 255;
    const d = VALUES[text.charCodeAt(i + 3)] ?? 255;
    bad |= a | b | c | d;
    bytes[o] = (a << 2) | (b >>> 4);
    bytes[o + 1] = (b << 4) | (c >>> 2);
    bytes[o + 2] = (c << 6) | d;
  }
  return bad > 63 ? undefined : bytes;
}
