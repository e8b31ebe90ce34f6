/**
 * Texts in UTF-8, outside of the heap: the more lies there while records are read, the more rubbish the collector lets
 * lie beside it.
 * @module
 */

/** Bytes of a piece, at least. */
const PIECE = 2 ** 20;

/** Texts, one after the other. */
export class TextColumn {
  readonly #pieces: Uint8Array[] = [];
  /** Of each text, its piece, where it begins in it, and its bytes. */
  readonly #piece: number[] = [];
  readonly #start: number[] = [];
  readonly #size: number[] = [];
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  /** What is left of the last piece. */
  #room = new Uint8Array();

  /** Puts down the next text, which is well-formed. */
  add(text: string): void {
    const most = 3 * text.length; // bytes of UTF-16 code units in UTF-8
    if (this.#pieces.length === 0 || this.#room.length < most) {
      this.#pieces.push(this.#room = new Uint8Array(Math.max(PIECE, most)));
    }
    const { written } = this.#encoder.encodeInto(text, this.#room);
    this.#piece.push(this.#pieces.length - 1);
    this.#start.push(this.#room.byteOffset);
    this.#size.push(written);
    this.#room = this.#room.subarray(written);
  }

  /** A text by the order in which it was put down. */
  get(at: number): string {
    const start = this.#start[at];
    return this.#decoder.decode(
      this.#pieces[this.#piece[at]].subarray(start, start + this.#size[at]),
    );
  }
}
