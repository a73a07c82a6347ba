import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { BINARY, CLOSE, closing, Decoder, encode, type Frame, PING, PONG, TEXT } from "./frames.ts";

/** How a peer heard of the end: the code and reason of the close frame, or 1006 when the connection ended without one. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/**
 * One end of a WebSocket, over a socket: it hides nothing, so that tests can send what no library would. It answers
 * pings, and a closing with its own code.
 */
export class Peer {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  readonly ended: Promise<Ending>;
  onmessage: (frame: Frame) => void = () => undefined;
  /** Whether a close frame is answered. */
  polite = true;
  readonly #masked: boolean;
  readonly #decoder = new Decoder();
  #closed = false;
  #wake: (() => void)[] = [];

  constructor(socket: Socket, masked: boolean, head: Buffer = Buffer.alloc(0)) {
    this.socket = socket;
    this.#masked = masked;
    socket.setNoDelay(true);
    this.ended = new Promise((resolve) => {
      const take = (chunk: Buffer) => {
        for (const frame of this.#decoder.take(chunk)) this.#take(frame, resolve);
      };
      socket.on("data", take);
      socket.on("error", () => socket.destroy());
      // A server's socket stays half open otherwise.
      socket.on("end", () => socket.end());
      socket.on("close", () => {
        resolve({ code: 1006, reason: "" });
        this.#notify();
      });
      if (head.length > 0) take(head);
    });
  }

  /** Text, or bytes. */
  send(data: string | Buffer): boolean {
    const bytes = typeof data === "string" ? Buffer.from(data) : data;
    return this.write(typeof data === "string" ? TEXT : BINARY, bytes);
  }

  write(opcode: number, payload: Buffer): boolean {
    if (opcode === CLOSE) this.#closed = true;
    return this.socket.write(encode(opcode, payload, this.#masked));
  }

  close(code?: number, reason?: string): void {
    this.write(CLOSE, closing(code, reason));
  }

  /** Waits until so many messages have come, or the connection is gone. */
  async messages(count: number): Promise<string[]> {
    const texts = () => this.frames.filter(({ opcode }) => opcode === TEXT || opcode === BINARY);
    while (texts().length < count && !this.socket.destroyed) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    return texts().map(({ payload }) => payload.toString());
  }

  async pong(): Promise<string> {
    const found = () => this.frames.find(({ opcode }) => opcode === PONG);
    while (found() === undefined && !this.socket.destroyed) {
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
    return String(found()?.payload);
  }

  #take(frame: Frame, end: (ending: Ending) => void): void {
    this.frames.push(frame);
    const { opcode, payload } = frame;
    if (opcode === PING) this.write(PONG, payload);
    else if (opcode === CLOSE) {
      const code = payload.length < 2 ? 1005 : payload.readUInt16BE(0);
      end({ code, reason: payload.subarray(2).toString() });
      if (!this.#closed && this.polite) this.write(CLOSE, payload);
      if (this.polite && !this.#masked) this.socket.end();
    } else if (opcode !== PONG) this.onmessage(frame);
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#wake.splice(0)) wake();
  }
}

/** A pod of WebSockets: echoes, unless told otherwise. Anything else gets its id as a plain response. */
export interface SocketPod {
  readonly id: string;
  readonly url: string;
  /** One for each handshake, in order. */
  readonly peers: Peer[];
  /** All requests, handshakes included, with how they came. */
  readonly requests: IncomingMessage[];
  stop(): void;
}

export interface SocketPodOptions {
  readonly onpeer?: (peer: Peer, request: IncomingMessage) => void;
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => void;
  /** More lines of the 101, or bytes instead of it. */
  readonly accept?: (request: IncomingMessage) => readonly string[] | Buffer;
}

export function startSocketPod(id: string, options: SocketPodOptions = {}): Promise<SocketPod> {
  const { onpeer = echo, answer = (_, response) => response.end(id), accept = () => [] } = options;
  const peers: Peer[] = [];
  const requests: IncomingMessage[] = [];
  const server: Server = createServer((request, response) => {
    requests.push(request);
    answer(request, response);
  });
  server.on("upgrade", (request, socket: Socket, head: Buffer) => {
    requests.push(request);
    socket.on("error", () => socket.destroy());
    const more = accept(request);
    if (Buffer.isBuffer(more)) {
      socket.end(more);
      return;
    }
    const lines = [
      "HTTP/1.1 101 Switching Protocols",
      "Upgrade: websocket",
      "Connection: Upgrade",
      `Sec-WebSocket-Accept: ${acceptOf(String(request.headers["sec-websocket-key"]))}`,
      ...more,
    ];
    socket.write(`${lines.join("\r\n")}\r\n\r\n`);
    const peer = new Peer(socket, false, head);
    peers.push(peer);
    onpeer(peer, request);
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const stop = () => {
        server.close();
        server.closeAllConnections();
        for (const { socket } of peers) socket.destroy();
      };
      resolve({ id, url, peers, requests, stop });
    });
  });
}

const echo = (peer: Peer) => {
  peer.onmessage = ({ opcode, payload }) => peer.write(opcode, payload);
};

function acceptOf(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/** The lines of a good handshake. */
export function handshake(more: readonly string[] = []): string[] {
  return [
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ...more,
  ];
}

/** What came back to a handshake, and the peer when it was a 101. */
export interface Opened {
  readonly status: number;
  /** Names in lower case; several of one name in order. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  readonly cookie: string | undefined;
  readonly peer: Peer;
}

export interface OpenOptions {
  readonly method?: string;
  readonly version?: string;
  readonly lines?: readonly string[];
  readonly path?: string;
  /** The sticky cookie. */
  readonly cookie?: string | undefined;
  /** Bytes right behind the head. */
  readonly behind?: Buffer;
}

/** Sends a handshake, or what looks like one, over a socket of its own. */
export function open(url: string, options: OpenOptions = {}): Promise<Opened> {
  const { method = "GET", version = "1.1", lines = handshake(), path = "/", cookie, behind } = options;
  const { hostname, port, host } = new URL(url);
  const mine = cookie === undefined ? [] : [`Cookie: ${cookie}`];
  const head = [`${method} ${path} HTTP/${version}`, `Host: ${host}`, ...mine, ...lines, "", ""].join("\r\n");
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(behind === undefined ? head : Buffer.concat([Buffer.from(head), behind]));
    });
    let bytes = Buffer.alloc(0);
    const early = () => reject(new Error(`no response: ${bytes.toString()}`));
    const take = (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf("\r\n\r\n");
      if (end < 0) return;
      socket.off("data", take);
      socket.off("close", early);
      const [first = "", ...rest] = bytes.subarray(0, end).toString("latin1").split("\r\n");
      const headers = new Map<string, string[]>();
      for (const line of rest) {
        const at = line.indexOf(":");
        const name = line.slice(0, at).toLowerCase();
        headers.set(name, [...(headers.get(name) ?? []), line.slice(at + 1).trim()]);
      }
      const [given] = headers.get("set-cookie") ?? [];
      resolve({
        status: Number(first.split(" ")[1]),
        headers,
        cookie: given?.split(";")[0],
        peer: new Peer(socket, true, bytes.subarray(end + 4)),
      });
    };
    socket.on("data", take);
    socket.on("error", reject);
    socket.on("close", early);
  });
}
