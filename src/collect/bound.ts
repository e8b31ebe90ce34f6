/**
 * The most a call can use, known before it is sent.
 * @module
 */
import type { PriceList } from "../outcomes/pricing.ts";
import { own } from "../outcomes/record.ts";
import { type ChatBody, mostTokens } from "./call.ts";

/** Tokens and dollars of a call, or of many. */
export interface Spending {
  /** Input and output together. */
  readonly tokens: number;
  /** US dollars; 0 where nobody knows a price. */
  readonly dollars: number;
}

/** Tokens that a chat template may add to a conversation: turn marks, and a default system prompt. */
const TEMPLATE = 256, TURN = 16;

/**
 * Tokens that a prompt has at most, whatever the tokenizer: those in use work on bytes or fall back to
 * them, so a text has no more tokens than UTF-8 bytes.
 */
export function promptBound({ messages }: ChatBody): number {
  const encoder = new TextEncoder();
  return messages.reduce(
    (sum, { content }) => sum + encoder.encode(content).length + TURN,
    TEMPLATE,
  );
}

/** The most a call can use: prompt and longest answer. */
export function callBound(body: ChatBody, prices: PriceList | undefined): Spending {
  return spending(body.model, [promptBound(body), mostTokens(body)], prices);
}

/** What [input, output] tokens of a model are: their sum, and dollars by a list. */
export function spending(
  model: string,
  [input, output]: readonly [number, number],
  prices: PriceList | undefined,
): Spending {
  const [perInput, perOutput] = own(prices?.perMillionTokens, model) ?? [0, 0];
  return { tokens: input + output, dollars: (input * perInput + output * perOutput) / 1e6 };
}

/** The sum of two. */
export function plus(a: Spending, b: Spending): Spending {
  return { tokens: a.tokens + b.tokens, dollars: a.dollars + b.dollars };
}
