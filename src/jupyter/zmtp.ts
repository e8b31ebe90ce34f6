/**
 * The part of ZMTP 3.0 (the wire format of ZeroMQ) that talking to a Jupyter kernel takes: a client with NULL security
 * as DEALER or SUB. Written here to avoid a native package of 34 MB.
 * @module
 */

/** Where bytes come from and go to; a `Deno.TcpConn` is one. */
export interface Wire {
  /** Reads into the buffer; bytes read, or null at the end. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes; how many. */
  write(bytes: Uint8Array): Promise<number>;
  /** Ends both directions. */
  close(): void;
}

/** One frame of a message. */
export interface Frame {
  /** More frames of the same message follow. */
  readonly more: boolean;
  /** Belongs to the protocol, not to a message. */
  readonly command: boolean;
  /** Content. */
  readonly body: Uint8Array;
}

/** The other side closed the connection, within a frame or between two. */
export class WireEnded extends Error {
  /** Name shown with a stack. */
  override name = "WireEnded";
}

const MORE = 1, LONG = 2, COMMAND = 4;
const GREETING = 64;
const ENCODER = new TextEncoder(), DECODER = new TextDecoder();

/** A frame as bytes: flags, size (one byte up to 255, else eight), body. */
export function encodeFrame({ more, command, body }: Frame): Uint8Array {
  const long = body.length > 255;
  const out = new Uint8Array((long ? 9 : 2) + body.length);
  out[0] = (more ? MORE : 0) | (long ? LONG : 0) | (command ? COMMAND : 0);
  if (long) new DataView(out.buffer).setBigUint64(1, BigInt(body.length));
  else out[1] = body.length;
  out.set(body, long ? 9 : 2);
  return out;
}

/** A ZMTP socket. */
export class Socket {
  #wire: Wire;
  #chunk = new Uint8Array(0);

  private constructor(wire: Wire) {
    this.#wire = wire;
  }

  /**
   * Greets the other side; a SUB socket subscribes to everything.
   * @throws {WireEnded}
   */
  static async open(type: "DEALER" | "SUB", wire: Wire): Promise<Socket> {
    const socket = new Socket(wire);
    const greeting = new Uint8Array(GREETING);
    greeting.set([0xff, 0, 0, 0, 0, 0, 0, 0, 1, 0x7f, 3, 0]); // signature, version 3.0
    greeting.set(ENCODER.encode("NULL"), 12);
    await socket.#write(greeting);
    await socket.#read(GREETING);
    const ready = [
      ...[5, ...ENCODER.encode("READY")],
      ...property("Socket-Type", type),
      ...property("Identity", ""),
    ];
    await socket.#write(
      encodeFrame({ more: false, command: true, body: Uint8Array.from(ready) }),
    );
    await socket.#frame();
    if (type === "SUB") {
      await socket.#write(
        encodeFrame({ more: false, command: false, body: Uint8Array.of(1) }),
      );
    }
    return socket;
  }

  /** Sends a message of text frames. */
  async send(parts: readonly string[]): Promise<void> {
    const frames = parts.map((part, i) =>
      encodeFrame({
        more: i + 1 < parts.length,
        command: false,
        body: ENCODER.encode(part),
      })
    );
    for (const frame of frames) await this.#write(frame);
  }

  /**
   * The next message, as text frames.
   * @throws {WireEnded}
   */
  async receive(): Promise<string[]> {
    const parts: string[] = [];
    for (;;) {
      const { more, command, body } = await this.#frame();
      if (command) continue;
      parts.push(DECODER.decode(body));
      if (!more) return parts;
    }
  }

  /** Closes the connection; a `receive` under way ends with {@link WireEnded}. */
  close(): void {
    try {
      this.#wire.close();
    } catch { /* closed by the other side */ }
  }

  async #frame(): Promise<Frame> {
    const [flags] = await this.#read(1);
    const size = flags & LONG
      ? Number(new DataView((await this.#read(8)).buffer).getBigUint64(0))
      : (await this.#read(1))[0];
    const body = await this.#read(size);
    return { more: (flags & MORE) > 0, command: (flags & COMMAND) > 0, body };
  }

  /** Exactly n bytes, however they arrive. */
  async #read(n: number): Promise<Uint8Array<ArrayBuffer>> {
    const out = new Uint8Array(n);
    for (let at = 0; at < n;) {
      if (this.#chunk.length === 0) this.#chunk = await this.#more();
      const taken = this.#chunk.subarray(0, n - at);
      out.set(taken, at);
      at += taken.length;
      this.#chunk = this.#chunk.subarray(taken.length);
    }
    return out;
  }

  async #more(): Promise<Uint8Array<ArrayBuffer>> {
    const buffer = new Uint8Array(65536);
    const got = await this.#wire.read(buffer).catch(() => null); // closed by us, or broken
    if (got === null) throw new WireEnded("the connection ended");
    return buffer.subarray(0, got);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      at += await this.#wire.write(bytes.subarray(at)).catch(() => {
        throw new WireEnded("the connection ended");
      });
    }
  }
}

/** A property of a READY command: both sizes precede their texts. */
function property(name: string, value: string): number[] {
  return [
    name.length,
    ...ENCODER.encode(name),
    0,
    0,
    0,
    value.length,
    ...ENCODER.encode(value),
  ];
}
