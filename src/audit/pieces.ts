/**
 * Room for many small arrays: by itself each takes some 300 bytes beside its numbers, and an audit has a dozen a text.
 * @module
 */

/** Numbers of a piece of room, at least. */
const ROOM = 2 ** 16;

/** Hands out zeroed arrays of the lengths asked for, cut from large ones. */
export function pieces<A extends Int32Array | Uint32Array | Uint8Array>(
  make: (length: number) => A,
): (length: number) => A {
  let room = make(0), used = 0;
  return (length) => {
    if (used + length > room.length) {
      room = make(Math.max(length, ROOM));
      used = 0;
    }
    return room.subarray(used, used += length) as A;
  };
}

/** Keeps the numbers of an array that pass a test, in room of its own or of {@link pieces}. */
export function keepNumbers<A extends Int32Array | Uint32Array>(
  numbers: A,
  test: (value: number, at: number) => boolean,
  room: (length: number) => A,
): A {
  let count = 0;
  for (let i = 0; i < numbers.length; i++) if (test(numbers[i], i)) count++;
  const kept = room(count);
  for (let i = 0, to = 0; to < count; i++) if (test(numbers[i], i)) kept[to++] = numbers[i];
  return kept;
}
