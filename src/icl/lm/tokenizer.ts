/**
 * The tokenizer of a pre-trained language model, from its `tokenizer.json`, with the three things that
 * ICL-Router asks of it: a special token that marks where a query vector goes, one token each for Yes and No,
 * and the form of a chat.
 *
 * Query texts are encoded without looking for special tokens: a query that happens to contain `<|im_end|>` is
 * text like any other, and can neither end a turn nor be taken for a slot.
 * @module
 */
import { join } from "node:path";
import type { Tokenizer } from "@huggingface/tokenizers";
import { DataError } from "../../base/errors.ts";
import { readJson } from "../../base/files.ts";
import { hashJson } from "../../base/hash.ts";

/** A part of a prompt: text to encode, or a ready token id. */
export type Piece = string | number;

/** How a chat is written: `before` a turn, its content, the `end` token, the `gap`. */
export interface ChatForm {
  /** What announces a turn; `special` gives the id of a special token. */
  before(role: string, special: (token: string) => number): readonly Piece[];
  /** The special token that ends a turn. */
  readonly end: string;
  /** Text between two turns. */
  readonly gap: string;
}

/** `<|im_start|>role⏎ … <|im_end|>⏎`, the form of Qwen and many others. */
export const CHATML: ChatForm = {
  before: (role, special) => [special("<|im_start|>"), `${role}\n`],
  end: "<|im_end|>",
  gap: "\n",
};

/** Which tokens play which part. */
export interface TokenizerOptions {
  /** The special token that marks a slot, by content or id. Default `<|fim_pad|>` (Qwen2.5: 151662). */
  readonly slot?: string | number;
  /** Words for "solved" and "not solved", a token each. Default Yes and No. */
  readonly answers?: readonly [yes: string, no: string];
  /** Default {@link CHATML}. */
  readonly chat?: ChatForm;
}

/** A tokenizer that knows which token plays which part. */
export interface TextTokenizer {
  /** Id of the slot token. */
  readonly slot: number;
  /** Id of the word for "solved". */
  readonly yes: number;
  /** Id of the word for "not solved". */
  readonly no: number;
  /** Id of the token that ends a turn. */
  readonly end: number;
  /** SHA-256 of `tokenizer.json` in canonical form. */
  readonly hash: string;
  /**
   * Ids of the pieces one after the other; texts side by side are encoded as one.
   * @throws {DataError} when the vocabulary lacks a piece of the text
   */
  encode(pieces: Piece | readonly Piece[]): number[];
  /** The text of ids, without special tokens. */
  decode(ids: readonly number[]): string;
  /** The pieces that announce a turn of a role. */
  before(role: string): readonly Piece[];
  /** The pieces that end a turn, the gap to the next included. */
  readonly after: readonly Piece[];
}

interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}

/**
 * Loads `tokenizer.json` of a model's folder.
 * @throws {DataError} naming the file, when it is missing or damaged, has no such special token, or splits
 *   an answer word into several tokens
 */
export async function openTokenizer(
  folder: string,
  { slot = "<|fim_pad|>", answers = ["Yes", "No"], chat = CHATML }: TokenizerOptions = {},
): Promise<TextTokenizer> {
  const path = join(folder, "tokenizer.json");
  const json = Object(await readJson(path)) as { readonly added_tokens?: readonly AddedToken[] };
  const added = Array.isArray(json.added_tokens) ? json.added_tokens as readonly AddedToken[] : [];
  const specials = added.filter((token) => token.special);
  const plain = await open(path, {
    ...json,
    added_tokens: added.filter((token) => !token.special),
  });

  const special = (wanted: string | number): number => {
    const found = specials.find(({ id, content }) => wanted === id || wanted === content);
    if (!found) throw new DataError(`${path}: added_tokens: no special token ${wanted}`);
    return found.id;
  };
  const text = (content: string): number[] => {
    if (content === "") return [];
    const ids = plain.encode(content, { add_special_tokens: false }).ids as (number | undefined)[];
    const unknown = ids.indexOf(undefined);
    if (unknown >= 0) {
      throw new DataError(
        `${path}: the vocabulary lacks piece ${unknown} of ${JSON.stringify(content.slice(0, 40))}`,
      );
    }
    return ids as number[];
  };
  const answer = (word: string): number => {
    const ids = text(word);
    if (ids.length !== 1) {
      throw new DataError(`${path}: "${word}" is ${ids.length} tokens (${ids}), expected one`);
    }
    return ids[0];
  };
  const [yes, no] = answers.map(answer);
  const end = special(chat.end), marked = new Set(specials.map(({ id }) => id));
  return {
    slot: special(slot),
    yes,
    no,
    end,
    hash: hashJson(json),
    encode: (pieces) => {
      const list = typeof pieces === "object" ? pieces : [pieces];
      return joined(list).flatMap((piece) => typeof piece === "number" ? [piece] : text(piece));
    },
    decode: (ids) => {
      const own = ids.filter((id) => !marked.has(id));
      return own.length === 0 ? "" : plain.decode(own, { clean_up_tokenization_spaces: false });
    },
    before: (role) => chat.before(role, special),
    after: [end, chat.gap],
  };
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
