/**
 * Token estimates: how many cl100k_base tokens a text has, whatever model it was meant for.
 *
 * The rank table comes from the npm package gpt-tokenizer; splitting and merging are done here, because
 * that package drops U+FEFF and takes JavaScript's idea of white space, and so differs from the
 * reference implementation (tiktoken) on a few texts in every dataset.
 * @module
 */

/** Counts the tokens of one text; special tokens such as `<|endoftext|>` count as the plain text they are. */
export type TokenCounter = (text: string) => number;

/** Opens the counter; the rank table (1 MB) is loaded on the first call only. */
export function tokenCounter(): Promise<TokenCounter> {
  return opened ??= open();
}

let opened: Promise<TokenCounter> | undefined;

/** The published splitting pattern of cl100k_base, white space by its Unicode property. */
const PIECE = new RegExp(
  String.raw`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}` +
    String.raw`| ?[^\p{White_Space}\p{L}\p{N}]+[\r\n]*|\p{White_Space}*[\r\n]+` +
    String.raw`|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+`,
  "gu",
);

/** Pieces remembered: text repeats itself, and merging is the slow part. */
const REMEMBERED = 200_000;

async function open(): Promise<TokenCounter> {
  const { default: table } = await import("gpt-tokenizer/bpeRanks/cl100k_base");
  const encoder = new TextEncoder();
  /** UTF-8 bytes as a string of characters 0–255: a map key that can be cut anywhere. */
  const bytesOf = (text: string): string => {
    // deno-lint-ignore no-control-regex
    if (/^[\x00-\x7f]*$/.test(text)) return text;
    let bytes = "";
    for (const byte of encoder.encode(text)) bytes += String.fromCharCode(byte);
    return bytes;
  };
  const ranks = new Map<string, number>();
  table.forEach((token, rank) => {
    ranks.set(typeof token === "string" ? bytesOf(token) : String.fromCharCode(...token), rank);
  });
  const counts = new Map<string, number>();
  return (text) => {
    let total = 0;
    for (const [piece] of text.matchAll(PIECE)) {
      let count = counts.get(piece);
      if (count === undefined) {
        const bytes = bytesOf(piece);
        count = ranks.has(bytes) ? 1 : merged(bytes, ranks);
        if (counts.size >= REMEMBERED) counts.clear();
        counts.set(piece, count);
      }
      total += count;
    }
    return total;
  };
}

/** Number of tokens left when the adjacent pair of lowest rank is merged until none is known. */
function merged(bytes: string, ranks: ReadonlyMap<string, number>): number {
  // Part p is bytes[starts[p] … starts[p + 1]); pairs[p] is the rank of parts p and p + 1 joined.
  const starts = Int32Array.from({ length: bytes.length + 1 }, (_, i) => i);
  let parts = bytes.length;
  const rank = (p: number): number =>
    p + 2 > parts ? Infinity : ranks.get(bytes.slice(starts[p], starts[p + 2])) ?? Infinity;
  const pairs = Float64Array.from({ length: parts }, (_, p) => rank(p));
  while (true) {
    let best = -1, lowest = Infinity;
    for (let p = 0; p + 1 < parts; p++) {
      if (pairs[p] < lowest) lowest = pairs[best = p];
    }
    if (best < 0) return parts;
    starts.copyWithin(best + 1, best + 2, parts + 1);
    pairs.copyWithin(best, best + 1, parts);
    parts--;
    pairs[best] = rank(best);
    if (best > 0) pairs[best - 1] = rank(best - 1);
  }
}
