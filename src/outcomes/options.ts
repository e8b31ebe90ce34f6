/**
 * How many answer options a multiple-choice query lists.
 * @module
 */

/**
 * Counts the options at the end of a query that lists them one a line as `A. …`, `B. …`, and so on.
 * A list that starts anew at `A.` replaces an earlier one (the question itself may hold one); lines in
 * between belong to the option above. 0 when there is no list of at least two.
 */
export function countOptions(query: string): number {
  let count = 0;
  for (const line of query.split("\n")) {
    if (line.startsWith("A. ")) count = 1;
    else if (count > 0 && line.startsWith(`${String.fromCharCode(65 + count)}. `)) count++;
  }
  return count >= 2 ? count : 0;
}
