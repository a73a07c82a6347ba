const UTF8 = new TextEncoder();

/** Bits that each step of a round turns by (RFC 1321, section 3.4). */
const TURNS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
/** floor(2³² · |sin(i + 1)|). */
const SINES = Uint32Array.from({ length: 64 }, (_, i) => Math.abs(Math.sin(i + 1)) * 2 ** 32);

/**
 * MD5 of the text's UTF-8 bytes (RFC 1321): 32 lower-case hex digits. It keeps no secret and proves nothing: it is how
 * other balancers name their pods.
 */
export function md5(text: string): string {
  const message = UTF8.encode(text);
  const padded = new Uint8Array(((message.length + 72) >> 6) << 6);
  padded.set(message);
  padded[message.length] = 0x80;
  const words = new DataView(padded.buffer);
  words.setUint32(padded.length - 8, message.length << 3, true);
  words.setUint32(padded.length - 4, message.length / 2 ** 29, true);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let block = 0; block < padded.length; block += 64) {
    let [a, b, c, d] = state as unknown as [number, number, number, number];
    for (let i = 0; i < 64; i++) {
      const round = i >> 4;
      let mixed = c ^ (b | ~d);
      let word = 7 * i;
      if (round === 0) [mixed, word] = [(b & c) | (~b & d), i];
      else if (round === 1) [mixed, word] = [(b & d) | (c & ~d), 5 * i + 1];
      else if (round === 2) [mixed, word] = [b ^ c ^ d, 3 * i + 5];
      const sum = (a + mixed + SINES[i]! + words.getUint32(block + 4 * (word & 15), true)) | 0;
      const turn = TURNS[4 * round + (i & 3)]!;
      [a, d, c, b] = [d, c, b, (b + ((sum << turn) | (sum >>> (32 - turn)))) | 0];
    }
    for (const [i, word] of [a, b, c, d].entries()) state[i]! += word;
  }
  const bytes = new DataView(state.buffer);
  state.forEach((word, i) => {
    bytes.setUint32(4 * i, word, true);
  });
  return Array.from(new Uint8Array(state.buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
