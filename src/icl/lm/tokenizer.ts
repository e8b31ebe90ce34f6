/**
 * The three things that ICL-Router asks of a tokenizer: a special token that marks where a query vector goes,
 * one token each for Yes and No, and the form of a chat.
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { Backbone } from "../../lm/backbone.ts";
import type { LmTokenizer, Piece } from "../../lm/tokenizer.ts";

/** How a chat is written: `before` a turn, its content, the `end` token, the `gap`. */
export interface ChatForm {
  /** What announces a turn; `special` gives the id of a special token. */
  before(role: string, special: (token: string) => number): readonly Piece[];
  /** The special token that ends a turn. */
  readonly end: string;
  /** Text between two turns. */
  readonly gap: string;
}

/** `<|im_start|>role⏎ … <|im_end|>⏎`, the form of Qwen, SmolLM2 and many others. */
export const CHATML: ChatForm = {
  before: (role, special) => [special("<|im_start|>"), `${role}\n`],
  end: "<|im_end|>",
  gap: "\n",
};

/** Special tokens that no text of a chat has: Qwen2.5's (151662) as in the paper, and SmolLM2's (16). */
const SLOTS = ["<|fim_pad|>", "<empty_output>"];

/** Which tokens play which part. */
export interface TokenizerOptions {
  /** The special token that marks a slot, by content or id. Default `<|fim_pad|>`, else `<empty_output>`. */
  readonly slot?: string | number;
  /** Words for "solved" and "not solved", a token each. Default Yes and No. */
  readonly answers?: readonly [yes: string, no: string];
  /** Default {@link CHATML}. */
  readonly chat?: ChatForm;
}

/** A tokenizer that knows which token plays which part. */
export interface TextTokenizer extends LmTokenizer {
  /** Id of the slot token. */
  readonly slot: number;
  /** Id of the word for "solved". */
  readonly yes: number;
  /** Id of the word for "not solved". */
  readonly no: number;
  /** Id of the token that ends a turn. */
  readonly end: number;
  /** The pieces that announce a turn of a role. */
  before(role: string): readonly Piece[];
  /** The pieces that end a turn, the gap to the next included. */
  readonly after: readonly Piece[];
}

/** A language model whose tokenizer knows which token plays which part. */
export interface TextBackbone extends Backbone {
  /** Its tokenizer. */
  readonly tokenizer: TextTokenizer;
}

/**
 * Casts a tokenizer's tokens.
 * @param vocabulary number of tokens that the model knows
 * @throws {DataError} when there is no such special token, an answer is several tokens, or the model does not
 *   know one of them
 */
export function castTokens(
  tokenizer: LmTokenizer,
  vocabulary: number,
  { slot, answers = ["Yes", "No"], chat = CHATML }: TokenizerOptions = {},
): TextTokenizer {
  const answer = (word: string): number => {
    const ids = tokenizer.encode(word);
    if (ids.length === 1) return ids[0];
    throw new DataError(`tokenizer.json: "${word}" is ${ids.length} tokens (${ids}), expected one`);
  };
  const [yes, no] = answers.map(answer), end = tokenizer.special(chat.end);
  const marks = tokenizer.special(slot ?? SLOTS.find(tokenizer.hasSpecial) ?? SLOTS.join(" or "));
  if (Math.max(marks, yes, no, end) >= vocabulary) {
    throw new DataError(
      `config.json: vocab_size: ${vocabulary}, but the tokenizer's ids go beyond it ` +
        `(slot ${marks}, Yes ${yes}, No ${no}, end of turn ${end})`,
    );
  }
  return {
    ...tokenizer,
    ...{ slot: marks, yes, no, end },
    before: (role) => chat.before(role, tokenizer.special),
    after: [end, chat.gap],
  };
}
