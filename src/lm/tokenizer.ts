/**
 * The tokenizer of a pre-trained language model, from its `tokenizer.json`.
 *
 * Texts are encoded without looking for special tokens: a query that happens to contain `<|im_end|>` is text
 * like any other, and can neither end a turn nor be taken for a slot.
 * @module
 */
import { join } from "node:path";
import type { Tokenizer } from "@huggingface/tokenizers";
import { DataError } from "../base/errors.ts";
import { readJson } from "../base/files.ts";
import { hashJson } from "../base/hash.ts";

/** A part of a prompt: text to encode, or a ready token id. */
export type Piece = string | number;

/** Text to token ids and back. */
export interface LmTokenizer {
  /** SHA-256 of `tokenizer.json` in canonical form. */
  readonly hash: string;
  /**
   * Ids of the pieces one after the other; texts side by side are encoded as one.
   * @throws {DataError} when the vocabulary lacks a piece of the text
   */
  encode(pieces: Piece | readonly Piece[]): number[];
  /**
   * Ids of a text between the tokens that the model expects around one (`[CLS]` … `[SEP]`), if any; so many in
   * all, the first or the last of the text.
   */
  surrounded(text: string, most?: number, keep?: "first" | "last"): number[];
  /** The text of ids, without special tokens. */
  decode(ids: readonly number[]): string;
  /**
   * Id of a special token, by content or id.
   * @throws {DataError} naming the file, when there is none
   */
  special(wanted: string | number): number;
  /** Whether there is a special token of that content. */
  hasSpecial(content: string): boolean;
}

/** Texts whose ids are kept, and their longest: sentences of a prompt come again with every query. */
const KEPT = 256, LONGEST_KEPT = 1024;

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/**
 * Loads `tokenizer.json` of a model's folder.
 * @throws {DataError} naming the file, when it is missing or damaged
 */
export async function openTokenizer(folder: string): Promise<LmTokenizer> {
  const path = join(folder, "tokenizer.json");
  const json = Object(await readJson(path)) as { readonly added_tokens?: readonly AddedToken[] };
  const added = Array.isArray(json.added_tokens) ? json.added_tokens as readonly AddedToken[] : [];
  const specials = added.filter((token) => token.special);
  const marked = new Set(specials.map(({ id }) => id));
  const plain = await open(path, {
    ...json,
    added_tokens: added.filter((token) => !token.special),
  });

  const around = await surroundings(path, json);

  const encodings = new Map<string, readonly number[]>();
  const text = (content: string): readonly number[] => {
    if (content === "") return [];
    const known = encodings.get(content) ?? encoded(content);
    if (encodings.size === KEPT) encodings.clear();
    if (content.length <= LONGEST_KEPT) encodings.set(content, known);
    return known;
  };
  const encoded = (content: string): readonly number[] => {
    const ids = plain.encode(content, { add_special_tokens: false }).ids as (number | undefined)[];
    const unknown = ids.indexOf(undefined);
    if (unknown < 0) return ids as number[];
    const shown = JSON.stringify(content.slice(0, 40));
    throw new DataError(`${path}: the vocabulary lacks piece ${unknown} of ${shown}`);
  };
  return {
    hash: hashJson(json),
    encode: (pieces) => {
      const list = typeof pieces === "object" ? pieces : [pieces];
      return joined(list).flatMap((piece) => typeof piece === "number" ? [piece] : text(piece));
    },
    surrounded: (content, most = Infinity, keep = "first") => {
      const { before, after } = around, room = Math.max(0, most - before.length - after.length);
      const ids = text(content), start = keep === "first" ? 0 : Math.max(0, ids.length - room);
      return [...before, ...ids.slice(start, start + room), ...after];
    },
    decode: (ids) => {
      const own = ids.filter((id) => !marked.has(id));
      return own.length === 0 ? "" : plain.decode(own, { clean_up_tokenization_spaces: false });
    },
    special: (wanted) => {
      const found = specials.find(({ id, content }) => wanted === id || wanted === content);
      if (!found) throw new DataError(`${path}: added_tokens: no special token ${wanted}`);
      return found.id;
    },
    hasSpecial: (content) => specials.some((token) => token.content === content),
  };
}

/** What a tokenizer puts around a text, seen on a one-letter probe. */
async function surroundings(
  path: string,
  json: object,
): Promise<{ readonly before: number[]; readonly after: number[] }> {
  const whole = await open(path, json);
  const ids = (special: boolean): number[] =>
    whole.encode("a", { add_special_tokens: special }).ids;
  const bare = ids(false), all = ids(true), start = all.indexOf(bare[0]);
  if (bare.length === 0 || start < 0) throw new DataError(`${path}: "a" is no token of it`);
  return { before: all.slice(0, start), after: all.slice(start + bare.length) };
}

async function open(path: string, json: object): Promise<Tokenizer> {
  const name = ["@huggingface", "tokenizers"].join("/"); // computed, so it is resolved only when reached
  const { Tokenizer } = await import(name) as typeof import("@huggingface/tokenizers");
  try {
    return new Tokenizer(json, {});
  } catch (error) {
    throw new DataError(`${path}: not a tokenizer that can be used (${(error as Error).message})`);
  }
}

/** Neighbouring texts made one, so that they are cut into tokens as if written in one go. */
function joined(pieces: readonly Piece[]): Piece[] {
  const out: Piece[] = [];
  for (const piece of pieces) {
    const last = out.at(-1);
    if (typeof piece === "string" && typeof last === "string") out[out.length - 1] = last + piece;
    else out.push(piece);
  }
  return out;
}
