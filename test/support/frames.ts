/** One frame or whole message of a WebSocket (RFC 6455, section 5). */
export interface Frame {
  /** 1 text, 2 binary, 8 close, 9 ping, 10 pong. */
  readonly opcode: number;
  readonly payload: Buffer;
}

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** A final frame; a client masks. */
export function encode(opcode: number, payload: Buffer, masked: boolean): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
  head[0] = 0x80 | opcode;
  if (length < 126) head[1] = length;
  else if (length < 65_536) {
    head[1] = 126;
    head.writeUInt16BE(length, 2);
  } else {
    head[1] = 127;
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  if (!masked) return Buffer.concat([head, payload]);
  head[1]! |= 0x80;
  // A mask of zeros is one, too.
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** The payload of a close frame; an empty one for no code. */
export function closing(code?: number, reason = ""): Buffer {
  if (code === undefined) return Buffer.alloc(0);
  const payload = Buffer.concat([Buffer.alloc(2), Buffer.from(reason)]);
  payload.writeUInt16BE(code, 0);
  return payload;
}

/** Takes bytes as they come and yields whole messages: fragments are joined. Without extensions. */
export class Decoder {
  #chunks: Buffer[] = [];
  #size = 0;
  #parts: Buffer[] = [];
  #opcode = 0;

  *take(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    for (;;) {
      const head = this.#peek(14);
      if (head === undefined) return;
      const masked = (head[1]! & 0x80) !== 0;
      const short = head[1]! & 0x7f;
      const wide = short === 126 ? 2 : short === 127 ? 8 : 0;
      const start = 2 + wide + (masked ? 4 : 0);
      if (head.length < start) return;
      const length = wide === 0 ? short : wide === 2 ? head.readUInt16BE(2) : Number(head.readBigUInt64BE(2));
      if (this.#size < start + length) return;
      const frame = this.#shift(start + length);
      const payload = frame.subarray(start);
      if (masked) {
        const mask = frame.subarray(start - 4, start);
        for (let i = 0; i < payload.length; i++) payload[i]! ^= mask[i & 3]!;
      }
      const opcode = frame[0]! & 15;
      if (opcode >= CLOSE) {
        yield { opcode, payload };
        continue;
      }
      if (opcode !== 0) this.#opcode = opcode;
      this.#parts.push(payload);
      if ((frame[0]! & 0x80) === 0) continue;
      const whole = this.#parts.length === 1 ? payload : Buffer.concat(this.#parts);
      this.#parts = [];
      yield { opcode: this.#opcode, payload: whole };
    }
  }

  /** Up to `most` bytes; undefined when there are not two. */
  #peek(most: number): Buffer | undefined {
    if (this.#size < 2) return undefined;
    if (this.#chunks[0]!.length < most && this.#chunks.length > 1)
      this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0]!.subarray(0, most);
  }

  #shift(length: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    const rest = all.subarray(length);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.#size -= length;
    return all.subarray(0, length);
  }
}
