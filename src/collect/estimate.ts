/**
 * What calls will use, before any is sent: at most, and as far as one can tell.
 * @module
 */
import type { PriceList } from "../outcomes/pricing.ts";
import type { TokenCounter } from "../outcomes/tokens.ts";
import { callBound, plus, type Spending, spending } from "./bound.ts";
import { type Call, mostTokens } from "./call.ts";
import type { Journal } from "./journal.ts";

/** An estimate. */
export interface Estimate {
  /** Calls to be asked. */
  readonly calls: number;
  /** With prompts counted, and answers as long as the model's recorded ones, or the longest without any. */
  readonly expected: Spending;
  /** With prompts and answers at their longest, each call asked once. */
  readonly most: Spending;
}

const NOTHING: Spending = { tokens: 0, dollars: 0 };

/** Estimates calls that are still to be asked. */
export function estimate(
  calls: readonly Call[],
  journal: Journal,
  prices: PriceList | undefined,
  count: TokenCounter,
): Estimate {
  const usual = usualAnswers(journal);
  let expected = NOTHING, most = NOTHING;
  for (const { body, model } of calls) {
    const input = body.messages.reduce((sum, { content }) => sum + count(content), 0);
    const output = Math.min(usual.get(model) ?? Infinity, mostTokens(body));
    expected = plus(expected, spending(body.model, [input, output], prices));
    most = plus(most, callBound(body, prices));
  }
  return { calls: calls.length, expected, most };
}

/** Mean length of each model's recorded answers, tokens. */
function usualAnswers(journal: Journal): Map<string, number> {
  const lengths = Map.groupBy(
    journal.answers.values(),
    ({ answer }) => journal.asked.get(answer)?.model ?? "",
  );
  return new Map(
    [...lengths].map(([model, answers]) => [
      model,
      answers.reduce((sum, { tokens }) => sum + tokens[1], 0) / answers.length,
    ]),
  );
}
