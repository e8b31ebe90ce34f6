/**
 * Seeded randomness, keyed by name: a draw depends on (seed, key), never on how many draws came before
 * it elsewhere, so permuting models or queries changes nothing.
 * @module
 */

/** A deterministic stream of uniform numbers. Same (seed, keys), same stream, on every machine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits of resolution. */
  next(): number;
  /** Uniform integer in [0, n). */
  integer(n: number): number;
  /** Fills an array with uniform 32-bit integers: what as many calls of `integer(2 ** 32)` draw. */
  fill(words: Uint32Array): void;
  /** Standard normal (Box–Muller). */
  normal(): number;
  /** Fisher–Yates, in place; returns its argument. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T;
  /** An independent stream named by further keys. */
  fork(...keys: (string | number)[]): Random;
}

/** Opens the stream named by a seed and any number of keys. */
export function random(seed: number, ...keys: (string | number)[]): Random {
  return stream(keys.reduce<Seed>(mixKey, mixKey(START, seed)));
}

/** Items in an order that depends on the seed, the purpose and each item's own key only. */
export function seededOrder<T>(
  items: Iterable<T>,
  key: (item: T) => string,
  seed: number,
  purpose: string,
): T[] {
  const stream = random(seed, purpose);
  return Array.from(items, (item) => ({ item, key: key(item), at: stream.fork(key(item)).next() }))
    .sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1))
    .map(({ item }) => item);
}

type Seed = readonly [number, number, number, number];
const START: Seed = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0xdeadbeef];

/** cyrb128-style absorption of one key into 128 bits of state. */
function mixKey(seed: Seed, key: string | number): Seed {
  const text = typeof key === "number" ? `#${key}` : `$${key}`;
  let [a, b, c, d] = seed;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = b ^ Math.imul(a ^ code, 597399067);
    b = c ^ Math.imul(b ^ code, 2869860233);
    c = d ^ Math.imul(c ^ code, 951274213);
    d = a ^ Math.imul(d ^ code, 2716044179);
  }
  a = Math.imul(c ^ (a >>> 18), 597399067);
  b = Math.imul(d ^ (b >>> 22), 2869860233);
  c = Math.imul(a ^ (c >>> 17), 951274213);
  d = Math.imul(b ^ (d >>> 19), 2716044179);
  return [(a ^ b ^ c ^ d) >>> 0, (b ^ a) >>> 0, (c ^ a) >>> 0, (d ^ a) >>> 0];
}

/** sfc32 (PractRand's small fast counting generator) behind the {@link Random} interface. */
function stream(seed: Seed): Random {
  let [a, b, c, d] = seed.map((x) => x | 0) as [number, number, number, number];
  const next32 = (): number => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i++) next32();
  const self: Random = {
    next: () => next32() / 4294967296,
    integer: (n) => Math.floor((next32() / 4294967296) * n),
    fill: (words) => {
      // next32 on variables of its own, which stay in registers.
      let w = a, x = b, y = c, z = d;
      for (let i = 0; i < words.length; i++) {
        const t = words[i] = (((w + x) | 0) + z) | 0;
        z = (z + 1) | 0;
        w = x ^ (x >>> 9);
        x = (y + (y << 3)) | 0;
        y = (((y << 21) | (y >>> 11)) + t) | 0;
      }
      a = w, b = x, c = y, d = z;
    },
    normal: () => {
      const u = (next32() + 1) / 4294967297, v = next32() / 4294967296;
      return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
    },
    shuffle: (items) => {
      for (let i = items.length - 1; i > 0; i--) {
        const j = self.integer(i + 1);
        const kept = items[i];
        (items as Record<number, unknown>)[i] = items[j];
        (items as Record<number, unknown>)[j] = kept;
      }
      return items;
    },
    fork: (...keys) => stream(keys.reduce<Seed>(mixKey, seed)),
  };
  return self;
}
