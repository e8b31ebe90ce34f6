/**
 * Levenshtein distance up to a limit, and a bound below it that costs next to nothing.
 * @module
 */

/**
 * The fewest insertions, deletions and replacements that turn `a` into `b`, or `limit + 1` where more than
 * `limit` are needed. Takes time in proportion to length × limit (Ukkonen's band).
 */
export function editDistance(a: Int32Array, b: Int32Array, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  const shorter = Math.min(a.length, b.length);
  let head = 0, tail = 0;
  while (head < shorter && a[head] === b[head]) head++;
  while (tail < shorter - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  const rows = a.length - head - tail, columns = b.length - head - tail;

  // Cell d + limit of a row is the distance of a[..i] to b[..i + d]; cells outside the band are too far.
  const far = limit + 1, width = 2 * limit + 3;
  let above = new Int32Array(width).fill(far), row = new Int32Array(width).fill(far);
  for (let d = 0; d <= Math.min(limit, columns); d++) above[d + limit + 1] = d;
  for (let i = 1; i <= rows; i++) {
    let least = far;
    row.fill(far);
    for (let d = Math.max(-limit, -i); d <= Math.min(limit, columns - i); d++) {
      const at = d + limit + 1, j = i + d;
      let best = above[at + 1] + 1; // a's token left out
      if (j === 0) best = Math.min(best, i);
      else {
        const replaced = above[at] + (a[head + i - 1] === b[head + j - 1] ? 0 : 1);
        best = Math.min(best, replaced, row[at - 1] + 1);
      }
      row[at] = Math.min(best, far);
      least = Math.min(least, row[at]);
    }
    if (least === far) return far;
    [above, row] = [row, above];
  }
  return above[columns - rows + limit + 1];
}

/** 32-bit words of a text's signature. */
const SIGNATURE = 4;

/**
 * Signatures of N texts, [N × 4]: a bit for every class of tokens (their numbers modulo 128) that a text has. What
 * {@link fewestEdits} needs of them.
 */
export function tokenSignatures(
  texts: Iterable<Int32Array> & { readonly length: number },
): Int32Array {
  const signatures = new Int32Array(texts.length * SIGNATURE);
  let at = 0;
  for (const text of texts) {
    for (const token of text) signatures[at + (token >>> 5) % SIGNATURE] |= 1 << (token & 31);
    at += SIGNATURE;
  }
  return signatures;
}

/**
 * So many edits at least turn one text into the other: an edit takes away at most one token that the other lacks, and
 * adds at most one. Most texts are told apart by this in a few operations.
 */
export function fewestEdits(signatures: Int32Array, a: number, b: number): number {
  let gone = 0, come = 0;
  for (let w = 0; w < SIGNATURE; w++) {
    const x = signatures[a * SIGNATURE + w], y = signatures[b * SIGNATURE + w];
    gone += bits(x & ~y);
    come += bits(y & ~x);
  }
  return Math.max(gone, come);
}

/** How many bits are set. */
function bits(x: number): number {
  x -= (x >>> 1) & 0x55555555;
  x = (x & 0x33333333) + ((x >>> 2) & 0x33333333);
  return Math.imul((x + (x >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
