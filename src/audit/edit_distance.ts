/**
 * Levenshtein distance up to a limit.
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
