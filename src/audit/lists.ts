/**
 * Many short lists of numbers in one array: by itself each would take some 100 bytes beside its numbers, and an audit has a
 * dozen a text.
 * @module
 */

/** What lists may hold. */
export type Numbers = Int32Array | Uint32Array | Uint8Array;

/** N lists. */
export class Lists<A extends Numbers> {
  /**
   * Lists that lie one after the other.
   * @param numbers those of all lists, list after list
   * @param first where each list begins, and where the last one ends; length N + 1
   */
  constructor(readonly numbers: A, readonly first: Uint32Array) {}

  /** How many lists, N. */
  get length(): number {
    return this.first.length - 1;
  }

  /** One list, not copied. */
  get(i: number): A {
    return this.numbers.subarray(this.first[i], this.first[i + 1]) as A;
  }

  /** How many numbers one list has. */
  size(i: number): number {
    return this.first[i + 1] - this.first[i];
  }

  /** All lists, not copied. */
  *[Symbol.iterator](): Generator<A> {
    for (let i = 0; i < this.length; i++) yield this.get(i);
  }

  /** Lists of other numbers, as long as these. */
  withNumbers<B extends Numbers>(numbers: B): Lists<B> {
    return new Lists(numbers, this.first);
  }
}

/** Numbers of a list maker's room at first. */
const ROOM = 2 ** 12;

/** Makes lists of which nobody knows how long they will be. */
export class ListMaker<A extends Int32Array | Uint32Array> {
  readonly #make: (length: number) => A;
  readonly #first: Uint32Array;
  #numbers: A;
  #used = 0;
  #ended = 0;

  /**
   * Begins with the first list, which is empty.
   * @param lists how many there will be
   * @param make an array of a length
   */
  constructor(lists: number, make: (length: number) => A) {
    this.#make = make;
    this.#first = new Uint32Array(lists + 1);
    this.#numbers = make(ROOM);
  }

  /** Adds a number to the list at hand. */
  add(value: number): void {
    if (this.#used === this.#numbers.length) {
      const larger = this.#make(Math.ceil(this.#used * 1.5));
      larger.set(this.#numbers);
      this.#numbers = larger;
    }
    this.#numbers[this.#used++] = value;
  }

  /** Ends the list at hand and begins the next. */
  end(): void {
    this.#first[++this.#ended] = this.#used;
  }

  /** The lists that were ended. */
  lists(): Lists<A> {
    return new Lists(
      this.#numbers.subarray(0, this.#used) as A,
      this.#first.subarray(0, this.#ended + 1),
    );
  }
}
